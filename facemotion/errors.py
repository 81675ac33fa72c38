"""The one error a person is meant to read: what was wrong, where, and what to do."""


class FacemotionError(Exception):
    """Shown as a plain message without a traceback; the command then ends with a non-zero exit code."""
