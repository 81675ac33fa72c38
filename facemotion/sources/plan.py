"""The plan: one row for every stretch of video that a source names and that passes the audit, by `source.kind`."""

from pathlib import Path

from facemotion.config import LIST_KINDS, Params, Source
from facemotion.errors import FacemotionError
from facemotion.sources import audit, folder, scan, synthetic
from facemotion.sources.formats import format_of


def make(params: Params) -> audit.Audit:
    """Of the source that params name, as it was last scanned."""
    source = params.source
    if source.kind == "synthetic":
        return audited(source, scan.scan(source), params)  # which needs no look at anything
    return audited(source, scan.load_unchanged(source) if source.kind in LIST_KINDS else scan.load(source), params)


def audited(source: Source, listing: scan.Listing, params: Params) -> audit.Audit:
    """Of any source, by the limits of params."""
    home = Path(listing.path).expanduser()
    if source.kind == "synthetic":
        rows = synthetic.rows(params.synthetic)
    elif source.kind == "folder":
        rows = folder.read(listing.path, listing.files)
    else:
        rows = format_of(source.kind, home).read(home)
    linked = source.kind in LIST_KINDS
    return audit.examine(rows, source.kind, params.plan, linked=linked, allow_local=params.fetch.allow_local)


def check(made: audit.Audit, params: Params) -> None:
    """End where nothing is left to plan, and where people are in two partitions who must not be."""
    told, source = made.figures, params.source
    if not told["rows"]:
        raise FacemotionError(
            f"the source ({source.kind}, {source.path or 'rendered'}) holds no video: nothing to plan"
        )
    if not told["planned"]:
        raise FacemotionError(
            f"none of the {told['rows']} rows of {source.path or source.kind} can be planned; the reasons stand above, "
            "and the limits under `plan` in params.yaml"
        )
    leaking = told["leaking_people"]
    if leaking and params.plan.leak == "error":
        some = ", ".join(leaking[:10]) + (f" and {len(leaking) - 10} more" if len(leaking) > 10 else "")
        raise FacemotionError(
            f"{len(leaking)} people are in two partitions of {source.path}: {some}; "
            "mend the list, or set plan.leak to move or drop in params.yaml"
        )
