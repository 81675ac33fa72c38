"""The one error a person is meant to read: what was wrong, where, and what to do."""


class FacemotionError(Exception):
    """Shown as a plain message without a traceback; the command then ends with a non-zero exit code."""


def complaint(error: BaseException) -> str:
    """What a library objects to, on one line: the first sentence, as the others are advice to programmers."""
    return " ".join(str(error).split()).split(". ")[0] or type(error).__name__
