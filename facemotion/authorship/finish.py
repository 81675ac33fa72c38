"""What is left to do once a video is written: sign it, and lay the record beside it."""

from pathlib import Path

from facemotion.authorship import sidecar, signature
from facemotion.authorship.record import Record


def finish(video: Path, record: Record, credentials: signature.Credentials | None = None) -> None:
    """Of a video whose container was given `record.tags()`. Signing changes it, so the sidecar comes last; where it
    cannot be signed the sidecar is there all the same."""
    try:
        if credentials is not None:
            signature.sign(video, record, credentials)
    finally:
        sidecar.write(video, record)
