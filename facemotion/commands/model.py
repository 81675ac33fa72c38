"""`facemotion model ...`: the models, their sizes and what they cost."""

from typing import Annotated, Literal

import typer

app = typer.Typer(help="The models: their sizes and what they cost.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group, however few its commands."""


@app.command()
def summary(
    preset: Annotated[str, typer.Option(help="tiny, small, base or published.")] = "tiny",
    motion: Annotated[
        Literal["keypoints", "landmarks", "mixed"], typer.Option(help="What tells the model how a face moves.")
    ] = "keypoints",
) -> None:
    """Parameters and FLOPs of a model, module by module.

    Example: `facemotion model summary --preset base --motion landmarks`
    """
    from facemotion.models import presets
    from facemotion.models import summary as sizes

    typer.echo(sizes.table(presets.preset(preset).model_copy(update={"motion": motion})))
