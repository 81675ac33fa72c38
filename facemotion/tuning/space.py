"""What is searched, as typed sections of params.yaml, and what `tuned` stands for where a value says it."""

import copy
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from facemotion.models.config import MotionName

TUNED: Final = "tuned"  # in place of a value in params.yaml

# What a short coarse training can tell of. What makes trials unequal in steps or cost, what only says how a result is
# reached, and what other stages read too is no matter of tuning.
TUNABLE: Final = ("train_coarse.", "model.keypoints.", "model.coarse.", "model.landmarks.", "model.generator.")
FIXED: Final = (
    "seed", "steps", "steps_of", "batch_size", "accumulate", "precision", "channels_last", "compile", "device",
    "threads", "workers", "ahead", "watch",
)  # fmt: skip

Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Objective = Literal["score", "l1", "akd_lips"]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Numbers(Section):
    key: str
    default: int | float  # what `tuned` stands for before anything better is known
    low: int | float
    high: int | float
    scale: Literal["linear", "log", "whole"]

    @model_validator(mode="after")
    def _in_order(self) -> "Numbers":
        if not self.low <= self.default <= self.high or self.low == self.high:
            raise ValueError(f"tune.space: {self.key} needs low <= default <= high, and room between low and high")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"tune.space: {self.key} is searched on a log scale: low must be above 0")
        if self.scale == "whole" and not all(isinstance(end, int) for end in (self.low, self.default, self.high)):
            raise ValueError(f"tune.space: {self.key} takes whole numbers: write low, default and high so")
        return self

    @property
    def extremes(self) -> tuple[Any, ...]:
        return self.low, self.default, self.high


class Choices(Section):
    key: str
    default: Any
    among: Annotated[list[Any], Field(min_length=2)]

    @model_validator(mode="after")
    def _default_is_one(self) -> "Choices":
        if self.default not in self.among:
            raise ValueError(f"tune.space: the default of {self.key}, {self.default}, is not among {self.among}")
        return self

    @property
    def extremes(self) -> tuple[Any, ...]:
        return tuple(self.among)


class Again(Section):
    steps: Count  # of a longer training
    seeds: Count  # trainings each, which draw other weights and other pairs


class Tune(Section):
    trials: Whole  # in all, the default among them; 0: off
    seed: Whole  # of what is drawn
    motion: MotionName  # whose coarse training is tried
    steps: Count  # of a trial
    objectives: Annotated[list[Objective], Field(min_length=1, max_length=3)]  # all of them less is better
    startup: Count  # trials drawn blindly; none is cut short before so many have ended
    validate_every: Count  # steps between looks at people held out, at which a trial can be cut short
    validation_pairs: Count
    again: Again  # how the best is held against the default
    space: Annotated[list[Numbers | Choices], Field(min_length=1)]

    @model_validator(mode="after")
    def _keys_differ(self) -> "Tune":
        keys = [entry.key for entry in self.space]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"tune.space names {', '.join(twice)} twice: leave one")
        if len(set(self.objectives)) < len(self.objectives):
            raise ValueError("tune.objectives names one twice: leave one")
        for key in keys:
            if not key.startswith(TUNABLE) or key.removeprefix("train_coarse.").split(".")[0] in FIXED:
                raise ValueError(
                    f"tune.space: {key} cannot be tuned: keys of {', '.join(own.rstrip('.') for own in TUNABLE)} can, "
                    f"but for {', '.join(FIXED)}"
                )
        return self


def at(content: Any, key: str) -> Any:
    """The value of a dotted key; KeyError where there is none."""
    for part in key.split("."):
        if not isinstance(content, Mapping):
            raise KeyError(key)
        content = content[part]
    return content


def placed(content: Any, values: Mapping[str, Any]) -> Any:
    """A copy of plain content with other values at dotted keys, which must be there."""
    changed = copy.deepcopy(content)
    for key, value in values.items():
        *sections, last = key.split(".")
        place = at(changed, ".".join(sections))
        if last not in place:
            raise KeyError(key)
        place[last] = value
    return changed


def asked(content: Any) -> list[str]:
    """Keys of the space of which params.yaml says `tuned`."""
    return [key for key in _defaults(content) if _says_tuned(content, key)]


def filled(content: Any, tuned: Mapping[str, Any] | None = None) -> Any:
    """Content with values in place of `tuned`: those given, else the defaults of the space."""
    defaults = _defaults(content)
    return placed(content, {key: (tuned or {}).get(key, defaults[key]) for key in asked(content)})


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as sections."""
    sections: dict[str, Any] = {}
    for key, value in values.items():
        *above, last = key.split(".")
        place = sections
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    return sections


def _defaults(content: Any) -> dict[str, Any]:
    """Of the space as it stands, which may not be valid; that is told later, with all else that is wrong."""
    try:
        return {entry["key"]: entry["default"] for entry in content["tune"]["space"]}
    except (KeyError, TypeError):
        return {}


def _says_tuned(content: Any, key: str) -> bool:
    try:
        return bool(at(content, key) == TUNED)
    except KeyError:
        return False
