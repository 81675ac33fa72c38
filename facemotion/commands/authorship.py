"""`facemotion verify`: what a video says of how it was made."""

from pathlib import Path
from typing import Annotated, Final

import typer

# 1 is for a file that cannot be read, 2 for a wrong command line.
EXIT_CODES: Final = {"synthetic": 0, "unknown": 3, "doubtful": 4}


def add_to(app: typer.Typer) -> None:
    app.command()(verify)


def verify(
    video: Annotated[Path, typer.Argument(help="The video to ask about.")],
    made_from: Annotated[
        list[Path] | None, typer.Option("--made-from", help="Say whether it was made from this file; may be repeated.")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(help="Certificates (PEM) whose word on who signed is taken.", metavar="PEM")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Read back what an animated video says of itself: in its container, beside it in VIDEO.json, in a C2PA signature.

    Ends with 0 where it is told to be synthetic and all that is told agrees, 3 where nothing is told (which does not
    make it a recording: records can be taken out), 4 where what is told does not agree, 1 where it is no video.

    Examples: `facemotion verify result.mp4`, `facemotion verify result.mp4 --made-from me.jpg --json`
    """
    from facemotion.authorship import verify as asking
    from facemotion.authorship.record import plain

    found = asking.examine(video, trusted=trust, inputs=made_from or ())
    if as_json:
        typer.echo(asking.as_json(found))
    else:
        typer.echo(f"{video} is {asking.SAID[found.state]}")
        for problem in found.problems:
            typer.secho(f"  ! {problem}", fg=typer.colors.RED)
        record = found.record
        if record is not None:
            typer.echo(f"  told by     {', '.join(found.records)}")
            typer.echo(f"  model       {plain(record.model)}, weights {record.weights[:16]}")
            typer.echo(f"  facemotion  {plain(record.facemotion)}")
            typer.echo(
                f"  made from   {', '.join(f'{one.role} {one.sha256[:16]}' for one in record.inputs) or 'nothing'}"
            )
            options = ", ".join(f"{name} {value}" for name, value in sorted(record.options.items()))
            typer.echo(f"  options     {plain(options)}")
            typer.echo(f"  label       {'on every frame' if record.label else 'left out'}")
        for note in found.notes:
            typer.echo(f"  {note}")
        for name, among in found.inputs.items():
            typer.echo(f"  {name}: {'the video was made from it' if among else 'not among the files it was made from'}")
    raise typer.Exit(EXIT_CODES[found.state])
