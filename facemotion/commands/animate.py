"""`facemotion animate`: photos and a driving video in, a video out."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from facemotion import layout
from facemotion.errors import FacemotionError

Opt = typer.Option
REGISTERED: Final = "models:/"


def add_to(app: typer.Typer) -> None:
    app.command()(animate)


def animate(
    source: Annotated[list[Path], Opt(help="A photo of the person to animate, or a clip; may be repeated.")],
    driving: Annotated[Path, Opt(help="Who moves: a video, a motion file, or landmarks.parquet.")],
    out: Annotated[Path, Opt(help="The video to write: .mp4, .mov or .mkv.")],
    model: Annotated[
        str, Opt(help="The folder of a trained model, or one of the registry, such as models:/facemotion@champion.")
    ] = str(layout.MODELS / "landmarks_refined"),
    motion: Annotated[
        Literal["auto", "relative", "absolute"],
        Opt(
            help="relative: what the driver does from a start on; absolute: as the driver is; auto: relative, but "
            "absolute where source and driving are one file."
        ),
    ] = "auto",
    scale: Annotated[
        Literal["auto", "off"], Opt(help="auto: a larger face is carried further; off: as far as the driver's.")
    ] = "auto",
    best_frame: Annotated[
        bool, Opt("--best-frame/--first-frame", help="Relative motion starts from the frame most like the photo.")
    ] = True,
    strength: Annotated[float, Opt(help="How far all moves, 0 to 3; 1 as driven.")] = 1.0,
    region: Annotated[
        Literal["all", "lips", "eyes", "pose", "expression"], Opt(help="What moves; the rest stays as in the photo.")
    ] = "all",
    smooth: Annotated[float, Opt(help="Steadiness of the driving landmarks; 0 off, 1 usual, more is calmer.")] = 1.0,
    face: Annotated[
        str, Opt(help="Which face of the source: largest, leftmost, or its number from the left, 1 first.")
    ] = "largest",
    driving_face: Annotated[str, Opt(help="Which face of the driving video; the same person is followed.")] = "largest",
    source_frame: Annotated[
        int | None, Opt(help="Of a clip as source, the frame to take; else the most telling ones.")
    ] = None,
    references: Annotated[int, Opt(help="Photos taken from a clip, where the model takes several.")] = 4,
    start: Annotated[float | None, Opt(help="Second of the driving video to begin at.")] = None,
    end: Annotated[float | None, Opt(help="Second of the driving video to end at.")] = None,
    size: Annotated[
        int | None, Opt(help="Pixels a side, 256 by itself; with --paste of the photo's larger side.")
    ] = None,
    detail: Annotated[
        Literal["auto", "model"], Opt(help="auto: the photo's own detail, bent along; model: only what it paints.")
    ] = "auto",
    paste: Annotated[
        bool, Opt("--paste", help="Blend the face back into the whole photo, or into a clip, which goes on playing.")
    ] = False,
    strip: Annotated[bool, Opt("--strip", help="Driving, reference and result side by side.")] = False,
    sound: Annotated[bool, Opt("--sound/--no-sound", help="The driving video's sound goes along.")] = True,
    lossless: Annotated[bool, Opt("--lossless", help="Every pixel as made; few players show it.")] = False,
    label: Annotated[bool, Opt("--label/--no-label", help='A small "AI generated" on the result.')] = True,
    keep_partial: Annotated[
        bool, Opt("--keep-partial", help="Stopped by Ctrl-C, leave what is done; else nothing is left.")
    ] = False,
    certificate: Annotated[Path | None, Opt(help="Sign by C2PA: the certificate chain (PEM), yours first.")] = None,
    key: Annotated[Path | None, Opt(help="Sign by C2PA: the private key (PEM).")] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], Opt(help="auto: a GPU where there is one.")] = "auto",
    threads: Annotated[int, Opt(help="Of the processor, for the model; 0: as torch likes.", min=0)] = 0,
) -> None:
    """Make a photo move as somebody else does in a video. What comes out says that it is synthetic.

    Examples: `facemotion animate --source me.jpg --driving talk.mp4 --out result.mp4`, with `--paste` into the whole
    photo, with `--strip` beside the driver. `facemotion animate --source me.mp4 --driving talk.motion --region lips
    --start 3 --end 8.5 --out lips.mp4` takes a photo from a clip and moves its lips alone.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "0")  # before torch is loaded: waiting threads must not take a core
    import torch

    from facemotion.animate import Animator, Options
    from facemotion.animation.motions import MotionOptions
    from facemotion.authorship.signature import Credentials

    if (certificate is None) != (key is None):
        raise FacemotionError("signing needs both --certificate and --key")
    if threads:
        torch.set_num_threads(threads)
    credentials = Credentials.load(certificate, key) if certificate is not None and key is not None else None
    options = Options(
        motion=MotionOptions(motion, scale, best_frame, strength, region, smooth), face=face,
        driving_face=driving_face, start=start, end=end, size=size, detail=detail, paste=paste, strip=strip,
        source_frame=source_frame, references=references, label=label,
    )  # fmt: skip
    with _folder(model) as folder:
        animator = Animator.load(folder, device, name=model if model.startswith(REGISTERED) else None)
        animation = animator.animate(source, driving, options)
    count = animation.write(out, sound=sound, lossless=lossless, keep_partial=keep_partial, credentials=credentials)
    typer.echo(f"{out}: {count} frames of {animation.width}x{animation.height}, {float(count / animation.fps):.2f} s")


@contextmanager
def _folder(model: str) -> Iterator[Path]:
    """Where the weights lie; those of the registry for as long as it takes to read them."""
    if not model.startswith(REGISTERED):
        yield Path(model)
        return
    from facemotion import tracking_model

    with tempfile.TemporaryDirectory(prefix="facemotion-") as folder:
        yield tracking_model.fetched(model, Path(folder))
