"""`facemotion export`: a trained model for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from facemotion.errors import FacemotionError


def add_to(app: typer.Typer) -> None:
    app.command()(export)


def export(
    model: Annotated[Path, typer.Argument(help="The folder of a trained model.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write to.", metavar="DIR")],
    onnx: Annotated[bool, typer.Option("--onnx", help="As ONNX files.")] = False,
) -> None:
    """Write a trained model as encode.onnx, motion.onnx and render.onnx, compared with torch to 1e-3.

    A photo is encoded once; motion and render then run for every frame. What a part gives has the name under which the
    next one takes it. They take one photo and motion that is absolute; what they need of it, docs/onnx.md tells.

    Example: `facemotion export --onnx models/landmarks_refined -o exported`
    """
    if not onnx:
        raise FacemotionError("say in which format: --onnx is the one there is")
    from facemotion.exporting import onnx_files

    found = onnx_files.export(model, out)
    typer.echo(f"{out}: encode.onnx, motion.onnx, render.onnx; largest differences from torch:")
    for part, apart in found.items():
        typer.echo(f"  {part:7s} {apart:.1e}")
