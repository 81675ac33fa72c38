"""`facemotion champion ...`: the model in use, which retrainings try to beat."""

import typer

app = typer.Typer(help="The model in use, which retrainings try to beat.", no_args_is_help=True)


@app.command()
def show() -> None:
    """Say which models are champion, previous and challenger, and why.

    Example: `facemotion champion show`
    """
    from facemotion import tracking_registry as registry

    found = {name: registry.standing(name) for name in (registry.CHAMPION, registry.PREVIOUS, registry.CHALLENGER)}
    if found[registry.CHAMPION] is None:
        typer.echo("there is no champion yet: the first `facemotion retrain` makes one")
    for name, one in found.items():
        if one is not None:
            typer.echo(f"{name}: version {one.version}, models:/{registry.MODEL}@{name}")
            for tag, value in sorted(one.tags.items()):
                typer.echo(f"  {tag}: {value}")


@app.command()
def rollback() -> None:
    """Put the previous champion back into use. Retrainings will not promote what is rolled back; a second rollback
    undoes the first.

    Example: `facemotion champion rollback`
    """
    from facemotion import tracking_registry as registry

    now, then = registry.roll_back()
    typer.echo(f"version {now} is the champion again; version {then} is the previous one")
