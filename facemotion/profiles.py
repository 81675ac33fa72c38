"""Profiles: small overlays of params.yaml, written into it with its comments kept, so that git shows what changed."""

import difflib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from facemotion import config, layout
from facemotion.errors import FacemotionError
from facemotion.files import write_text


def available() -> dict[str, str]:
    """Profile names with the first sentence of their comment."""
    found = {}
    for path in sorted(layout.PROFILES.glob("*.yaml")):
        comment = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                break
            comment.append(line.lstrip("# "))
        found[path.stem] = " ".join(comment)
    return found


def current() -> str:
    """The profile that params.yaml agrees with in every value, of several the one with most; `default` where none
    does."""
    params = config.read_yaml(layout.PARAMS)
    agree = {name: _agreeing(params, config.read_yaml(layout.PROFILES / f"{name}.yaml")) for name in available()}
    best = max(agree, key=lambda name: agree[name], default="")
    return best if best and agree[best] else "default"


def _agreeing(params: Any, profile: Any) -> int:
    """How many values of the profile there are, or 0 where params differ in one."""
    if not isinstance(profile, Mapping):
        return int(params == profile)
    parts = [_agreeing(params[key], value) if key in params else 0 for key, value in profile.items()]
    return sum(parts) if all(parts) else 0


def apply(name: str, *, write: bool = True) -> str:
    """Lay a profile over params.yaml and return what changes, as a diff. What would not be valid is not written."""
    path = layout.PROFILES / f"{name}.yaml"
    if name not in available():
        raise FacemotionError(f"there is no profile {name!r}; there are: {', '.join(available())}")
    return overlay(config.read_yaml(path), str(path), write=write)


def overlay(changes: Mapping[str, Any], where: str, *, write: bool = True) -> str:
    """Lay values over params.yaml, comments kept; `where` names their origin in messages."""
    yaml = YAML()
    yaml.width = 120
    yaml.preserve_quotes = True
    yaml.representer.add_representer(type(None), lambda r, _: r.represent_scalar("tag:yaml.org,2002:null", "null"))
    before = layout.PARAMS.read_text(encoding="utf-8")
    content = yaml.load(before)
    _lay(content, changes, where)
    text = io.StringIO()
    yaml.dump(content, text)
    config.validate(YAML(typ="safe", pure=True).load(text.getvalue()), f"{layout.PARAMS} with {where}")
    if write:
        write_text(Path(layout.PARAMS), text.getvalue())
    names = (str(layout.PARAMS), f"{layout.PARAMS} with {where}")
    return "".join(difflib.unified_diff(before.splitlines(True), text.getvalue().splitlines(True), *names, n=0))


def _lay(content: Any, changes: Mapping[str, Any], where: str) -> None:
    for key, value in changes.items():
        if key not in content:
            raise FacemotionError(f"{where}: {key} is not a known key (allowed here: {', '.join(content)})")
        if isinstance(value, Mapping) and isinstance(content[key], Mapping) and content[key].fa.flow_style() is False:
            _lay(content[key], value, where)
        else:
            content[key] = _in_one_line(value) if isinstance(value, (list, Mapping)) else value


def _in_one_line(values: list[Any] | Mapping[str, Any]) -> CommentedSeq | CommentedMap:
    """As params.yaml has its lists, and those mappings that are one value: they are laid as a whole."""
    line = CommentedMap(values) if isinstance(values, Mapping) else CommentedSeq(values)
    line.fa.set_flow_style()
    return line
