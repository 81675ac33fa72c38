"""params.yaml as typed, validated sections. Nothing here has a default: every value stands in params.yaml,
where a person sees it and DVC tracks it; unknown, missing or mistyped keys are errors that say what is allowed."""

import difflib
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from facemotion import layout
from facemotion.errors import FacemotionError
from facemotion.models.config import ModelConfig, MotionName
from facemotion.training.config import FusionTraining, Training
from facemotion.tuning import space
from facemotion.tuning.space import Tune

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
ListKind = Literal["voxceleb", "celebvhq", "talkinghead", "hdtf", "urls"]
LIST_KINDS: Final[tuple[ListKind, ...]] = get_args(ListKind)
Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Engine(Section):
    kind: Literal["local", "ray"]
    address: str | None
    workers: Annotated[int, Field(ge=0, le=256)]


class Source(Section):
    kind: Literal["synthetic", "folder", ListKind]
    path: str | None

    @model_validator(mode="after")
    def _path_where_needed(self) -> "Source":
        if self.kind != "synthetic" and not self.path:
            named = "the folder" if self.kind == "folder" else "the list"
            raise ValueError(f"source.kind is {self.kind!r}: source.path must name {named}")
        return self


class Plan(Section):
    leak: Literal["move", "drop", "error"]
    min_seconds: NonNegative
    max_seconds: Positive
    people: Count | None
    clips: Count | None
    minutes: Positive | None
    sample: Count | None
    seed: Annotated[int, Field(ge=0)]


class Synthetic(Section):
    people: Annotated[int, Field(ge=1, le=100_000)]
    videos_per_person: Count
    minutes: Positive
    width: Annotated[int, Field(ge=64, le=3840, multiple_of=2)]
    height: Annotated[int, Field(ge=64, le=2160, multiple_of=2)]
    fps: Annotated[int, Field(ge=5, le=120)]
    crf: Annotated[int, Field(ge=0, le=51)]
    preset: Preset
    seed: Annotated[int, Field(ge=0)]


class Networks(Section):
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]
    precision: Literal["auto", "fp32", "bf16", "fp16"]
    batch: Annotated[int, Field(ge=1, le=1024)]


class Weights(Section):
    dir: str | None

    @property
    def folder(self) -> Path | None:
        return None if self.dir is None else Path(self.dir)


class Net(Section):
    sites: Annotated[int, Field(ge=1, le=64)]
    sleep_s: NonNegative
    jitter_s: NonNegative
    request_sleep_s: NonNegative
    rate_kib_s: Positive
    timeout_s: Positive
    least_kib_s: NonNegative
    stall_s: Positive
    attempts: Annotated[int, Field(ge=1, le=20)]
    backoff_s: NonNegative
    again_s: NonNegative
    cookies: str | None
    proxy: str | None

    @model_validator(mode="after")
    def _not_slower_than_allowed(self) -> "Net":
        if self.rate_kib_s <= self.least_kib_s:
            raise ValueError("fetch.net.rate_kib_s must be more than least_kib_s, or every download counts as stalled")
        return self


class Fetch(Section):
    max_mib: Positive
    max_minutes: Positive
    max_pixels: Count
    box_px: Positive
    lines: Count
    max_lines: Count
    around_s: NonNegative | None
    audio: bool
    allow_local: bool
    net: Net


class Judge(Section):
    frames: Count
    cnn_frames: Count


class Shots(Section):
    threshold: Positive
    min_change: NonNegative
    min_seconds: NonNegative
    margin_frames: Annotated[int, Field(ge=0)]


class Tubes(Section):
    detector: Literal["dlib_hog", "dlib_cnn", "sfd", "blazeface", "yunet", "scrfd"]
    landmarker: Literal["dlib", "face_alignment"]
    embedder: Literal["dlib_resnet"] | None
    identity_s: Positive
    max_drift: Positive
    stride_s: Positive
    max_gap_s: NonNegative
    keep_score: float
    min_score: float
    min_certainty: Share
    min_seconds: Positive
    min_face_px: Annotated[float, Field(ge=20)]
    min_sharpness: NonNegative
    max_yaw: Positive
    max_outside: Share
    min_exposure: NonNegative
    max_exposure: NonNegative
    min_turn: NonNegative
    max_turn: NonNegative
    min_mouth: NonNegative
    min_lids: NonNegative
    max_shake: NonNegative
    max_missed: Share
    plan_time: Share
    plan_cover: Share


class Crop(Section):
    size: Annotated[int, Field(ge=64, le=1024, multiple_of=2)]
    context: Annotated[float, Field(ge=1)]
    lift: Annotated[float, Field(ge=-0.5, le=0.5)]
    outside: Literal["reflect", "reject"]
    max_outside: Share
    max_seconds: Positive
    max_wander: Positive
    crf: Annotated[int, Field(ge=0, le=51)]
    preset: Preset
    threads: Count


class Landmarks(Section):
    landmarker: Literal["dlib", "face_alignment"]
    averaged: Annotated[int, Field(ge=1, le=9)]
    check_iou: Share
    doubt: Share


class Steadiness(Section):
    rest: Positive
    trust: NonNegative


class Smooth(Section):
    method: Literal["adaptive"]
    max_gap_s: NonNegative
    doubt: NonNegative
    head: Steadiness
    jaw: Steadiness
    brows: Steadiness
    nose: Steadiness
    eyes: Steadiness
    lips: Steadiness
    pupils: Steadiness


class Pack(Section):
    jpeg_quality: Annotated[int, Field(ge=1, le=100)]
    val_share: Share
    test_share: Share
    salt: str
    shard_mib: Positive


class Evaluate(Section):
    stride: Count
    averaged: Annotated[int, Field(ge=1, le=9)]
    pairs: Annotated[int, Field(ge=0)]
    pairs_every: Count
    salt: str
    identity_frames: Count
    realism_frames: Count
    runs: Annotated[int, Field(ge=0)]
    run_frames: Annotated[int, Field(ge=3)]


class Report(Section):
    seconds: Positive


class Run(Section):
    parallel: Count
    retries: Annotated[int, Field(ge=0, le=100)]
    retry_wait_s: NonNegative


Port = Annotated[int, Field(ge=1, le=65535)]


class Retrain(Section):
    cron: str
    metric: str
    variant: str | None
    guards: dict[str, NonNegative]


class Ui(Section):
    prefect_port: Port
    mlflow_port: Port
    report_port: Port


class Params(Section):
    engine: Engine
    source: Source
    plan: Plan
    synthetic: Synthetic
    networks: Networks
    weights: Weights
    fetch: Fetch
    judge: Judge
    shots: Shots
    tubes: Tubes
    crop: Crop
    landmarks: Landmarks
    smooth: Smooth
    pack: Pack
    model: ModelConfig
    motions: list[MotionName]  # what is trained, coarse and refined
    tune: Tune
    train_coarse: Training
    train_refine: Training
    train_fusion: FusionTraining
    evaluate: Evaluate
    report: Report
    run: Run
    retrain: Retrain
    ui: Ui


def load(path: Path = layout.PARAMS, tuned: Mapping[str, Any] | None = None) -> Params:
    """The validated parameters of a file; every problem in it is reported at once. `tuned`: values, by dotted key, that
    stand where the file says `tuned`; where they are not given, the defaults of its search space do."""
    return validate(read_yaml(path), str(path), tuned)


def tuned() -> dict[str, Any]:
    """What stage tune has found, of all that params.yaml calls `tuned`, by dotted key."""
    found = read_yaml(layout.TUNED) or {}
    if missing := [key for key in space.asked(read_yaml(layout.PARAMS)) if key not in found]:
        raise FacemotionError(
            f"{layout.PARAMS} says `tuned` of {', '.join(missing)}, which {layout.TUNED} does not tell: run "
            "`dvc repro tune`"
        )
    return dict(found)


def read_yaml(path: Path) -> Any:
    """The plain content of a YAML file, safely loaded."""
    try:
        return deepcopy(_parsed(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise FacemotionError(f"{path} does not exist: run from the project's root, the folder of dvc.yaml") from error
    except (MarkedYAMLError, UnicodeDecodeError) as error:
        raise FacemotionError(f"{path} is not proper YAML: {error}") from error


@lru_cache(maxsize=4)
def _parsed(text: str) -> Any:
    """Reading params.yaml takes a quarter of a second, and a stage asks for it three times."""
    return YAML(typ="safe", pure=True).load(text)


def validate(content: Any, where: str, tuned: Mapping[str, Any] | None = None) -> Params:
    if not isinstance(content, dict):
        raise FacemotionError(f"{where} must hold sections ({', '.join(Params.model_fields)}), not {content!r}")
    plain = space.filled(content, tuned)
    params = _checked(plain, where)
    # A profile of another size need not say what could be searched there: it searches nothing.
    for entry in params.tune.space if params.tune.trials else ():
        for value in entry.extremes:
            try:
                _checked(space.placed(plain, {entry.key: value}), f"{where}, tune.space, {entry.key} at {value}")
            except KeyError as error:
                raise FacemotionError(f"{where}: tune.space: {entry.key} is not a known key") from error
    return params


def _checked(content: Any, where: str) -> Params:
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        lines = [f"{where}: {line}" for line in map(_explain, error.errors())]
        raise FacemotionError("\n".join(lines)) from error


def _explain(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    name = str(problem["loc"][-1]) if problem["loc"] else ""
    siblings = list(_section_at(problem["loc"][:-1]).model_fields)
    match problem["type"]:
        case "extra_forbidden":
            close = difflib.get_close_matches(name, siblings, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            return f"{key} is not a known key{hint} (allowed here: {', '.join(siblings)})"
        case "missing":
            return f"{key} is missing"
        case "value_error":
            return str(problem["ctx"]["error"])
        case _ if problem["input"] == space.TUNED:
            return f"{key} says `tuned`, but tune.space has no such key: add it there, or give a value"
        case _:
            return f"{key} is {problem['input']!r}: {problem['msg'][0].lower()}{problem['msg'][1:]}"


def _section_at(location: tuple[Any, ...]) -> type[BaseModel]:
    model: type[BaseModel] = Params
    for part in location:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return model
