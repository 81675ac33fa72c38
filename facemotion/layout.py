"""Every path of the project, relative to its root (the folder of params.yaml and dvc.yaml), in one place."""

from pathlib import Path
from typing import Final

PARAMS: Final = Path("params.yaml")
PROFILES: Final = Path("profiles")

DATA: Final = Path("data")
PLAN: Final = DATA / "plan.parquet"
PLAN_AUDIT: Final = DATA / "plan_audit.parquet"  # what is wrong with the source's rows, and what was done about it
SOURCE: Final = DATA / "source.json"  # what the source held when last scanned
CODE: Final = DATA / "code"  # what code each stage is made of
VIDEOS: Final = DATA / "videos"
LEDGER: Final = DATA / "videos.parquet"
TRUTH: Final = DATA / "truth"
SHOTS: Final = DATA / "shots.parquet"
TUBES: Final = DATA / "tubes.parquet"
CLIPS: Final = DATA / "clips"
CLIP_TABLE: Final = DATA / "clips.parquet"
LANDMARKS: Final = DATA / "landmarks"
LANDMARKS_SMOOTH: Final = DATA / "landmarks_smooth"
PACKED: Final = DATA / "packed"
PAIRS: Final = DATA / "pairs.parquet"  # what is scored
ANSWERS: Final = DATA / "answers"  # rendered right answers, packed
KNOWN: Final = DATA / "known"  # what is known of scored frames before any model has made one

MODELS: Final = Path("models")
TUNED: Final = MODELS / "tuned.yaml"  # values that stand where params.yaml says `tuned`

REPORTS: Final = Path("reports")
METRICS: Final = REPORTS / "metrics"
PLOTS: Final = REPORTS / "plots"
PICTURES: Final = REPORTS / "pictures"
SCORES: Final = REPORTS / "scores"
PAGE: Final = REPORTS / "index.html"
QUALITY: Final = REPORTS / "quality.html"  # how good the footage is, drawn when asked for
ASSETS: Final = REPORTS / "assets"  # pictures and videos of the page
BENCHMARKS: Final = REPORTS / "benchmarks"

WORK: Final = Path(".work")
DOWNLOADS: Final = WORK / "downloads"  # all that has come from the net; it outlives the stage that fetches
STUDIES: Final = Path(".optuna")  # of `facemotion tune`; they outlive `make clean`


def metrics(name: str) -> Path:
    return METRICS / f"{name}.json"


def code(module: str) -> Path:
    return CODE / f"{module}.json"


def plot(name: str) -> Path:
    return PLOTS / f"{name}.csv"


def scores(variant: str) -> Path:
    """What a variant reached on each clip."""
    return SCORES / f"{variant}.parquet"


def frame_scores(variant: str) -> Path:
    """And on each frame."""
    return SCORES / f"{variant}_frames.parquet"


def error_maps(variant: str) -> Path:
    return SCORES / f"{variant}_maps.parquet"


def pictures(stage: str) -> Path:
    """A stage's own folder of pictures to look at: an out of that stage."""
    return PICTURES / stage
