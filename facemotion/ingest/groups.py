"""Who must stay together in one split: people who share a video, videos that share a person."""

from collections.abc import Iterable


def person_groups(appearances: Iterable[tuple[str, str, bool]]) -> dict[str, str]:
    """Person -> group, of (person_id, video_id, named) with `named` true where a list names the person.

    A group is called by its smallest named person, else by its smallest video, so that its name does not hang on
    which other faces were found in it."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    seen = sorted(set(appearances))
    for person, video, _ in seen:
        parent[root(("person", person))] = root(("video", video))
    names: dict[tuple[str, str], tuple[int, str]] = {}
    for person, video, named in seen:
        group = root(("video", video))
        candidates = [(1, video), *([(0, person)] if named else [])]
        names[group] = min([*candidates, *([names[group]] if group in names else [])])
    return {person: names[root(("person", person))][1] for person, _, _ in seen}
