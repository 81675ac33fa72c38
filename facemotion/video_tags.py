"""What a container says of its video, and nothing decoded. Any bytes may come in."""

from pathlib import Path

import av

from facemotion.errors import FacemotionError
from facemotion.video import FORMATS


def read(path: Path) -> dict[str, str]:
    """The tags of a file, by their names in lower case."""
    if not path.is_file():
        raise FacemotionError(f"{path} is not a file; check the path")
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    try:
        with av.open(f"file:{path}", container_options=options, metadata_errors="ignore") as container:
            if not container.streams.video:
                raise FacemotionError(f"{path} holds no video; give a file with moving pictures")
            return {name.lower(): value for name, value in container.metadata.items()}
    except (av.FFmpegError, ValueError, OverflowError, LookupError, MemoryError) as error:
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise FacemotionError(f"{path} cannot be read as video ({what}); give an animated video") from error
