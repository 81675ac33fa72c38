"""Where a stage's run comes from: which pipeline, which revision, which work."""

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

import psutil

from facemotion.training.config import WITHOUT_BEARING


def pipeline(started: float) -> tuple[str, float]:
    """What the stages of one pipeline run share, and when it began: FACEMOTION_PIPELINE_RUN where set, else the dvc
    process above us (its pid and start time), else this very process."""
    if key := os.environ.get("FACEMOTION_PIPELINE_RUN"):
        return key, started
    for process in psutil.Process().parents():
        try:
            words = process.cmdline()[:3]
            began = process.create_time()
        except psutil.Error:
            continue
        if any(os.path.basename(word) in ("dvc", "dvc.exe") or word == "dvc" for word in words):  # noqa: PTH119
            return f"dvc-{process.pid}-{began:.2f}", began
    return f"alone-{os.getpid()}-{started:.2f}", started


def tags() -> dict[str, str]:
    """The git revision, whether the tree is dirty, and what DVC tells its commands."""
    told = {f"dvc.{name.lower()}": value for name, value in os.environ.items() if name.startswith("DVC_")}
    revision = _git("rev-parse", "HEAD")
    if revision:
        told["mlflow.source.git.commit"] = revision
        told["git.branch"] = _git("rev-parse", "--abbrev-ref", "HEAD")
        # dvc.lock and the metrics change while the pipeline runs: they do not make the tree dirty.
        changes = _git("status", "--porcelain", "--", ".", ":!dvc.lock", ":!reports")
        told["git.dirty"] = str(bool(changes)).lower()
    return told


def _git(*words: str) -> str:
    try:
        answer = subprocess.run(["git", *words], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def work_key(deps: Mapping[str, str], params: Mapping[str, Any]) -> str:
    """Names the work that these deps and params make, so that what an interrupted run left is used for nothing else."""
    named = json.dumps([sorted(deps.items()), _decisive(params)], sort_keys=True)
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def _decisive(params: Any) -> Any:
    if not isinstance(params, Mapping):
        return params
    return {name: _decisive(value) for name, value in params.items() if name not in WITHOUT_BEARING}
