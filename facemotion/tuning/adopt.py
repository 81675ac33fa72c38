"""What a study has found better, written into params.yaml as if a person had: comments kept, git shows it."""

from collections.abc import Mapping
from typing import Any

from ruamel.yaml.comments import CommentedSeq

from facemotion import profiles
from facemotion.tuning import space


def adopt(values: Mapping[str, Any]) -> str:
    """What changes, as a diff; a key that said `tuned` has a value of its own from then on."""
    written = {key: _in_a_line(value) if isinstance(value, list) else value for key, value in values.items()}
    return profiles.overlay(space.nested(written), "what facemotion tune has found")


def _in_a_line(value: list[Any]) -> CommentedSeq:
    line = CommentedSeq(value)
    line.fa.set_flow_style()
    return line
