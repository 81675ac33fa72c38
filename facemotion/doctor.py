"""What this machine has, and what is missing for which feature."""

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from facemotion import config, layout, weights
from facemotion.errors import FacemotionError
from facemotion.video_writer import has_encoder

State = Literal["ok", "absent", "broken"]


@dataclass(frozen=True)
class Finding:
    what: str
    state: State  # absent: a feature is missing; broken: nothing works without it
    detail: str
    remedy: str = ""


def examine() -> list[Finding]:
    checks: list[Callable[[], list[Finding]]] = [
        _python, _torch, _opencv, _video, _dlib, _weights, _downloads, _experiments, _disk,
    ]  # fmt: skip
    findings = []
    for check in checks:
        try:
            findings += check()
        except Exception as error:  # a check that fails is itself a finding
            findings.append(Finding(check.__name__.strip("_"), "broken", f"{type(error).__name__}: {error}"))
    return findings


def tell(findings: list[Finding], *, brief: bool) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    marks = {"ok": "[green]ok[/]", "absent": "[yellow]absent[/]", "broken": "[red]broken[/]"}
    shown = [finding for finding in findings if not brief or finding.state != "ok"]
    for finding in shown:
        text = finding.detail + (f" [dim]({finding.remedy})[/]" if finding.remedy else "")
        table.add_row(finding.what, marks[finding.state], text)
    Console().print(table if shown else "everything is there")


def _found(what: str, there: object, detail: str, remedy: str, *, needed: bool = False) -> Finding:
    """A finding with a remedy only where something is missing; `needed`: nothing works without it."""
    return Finding(what, "ok", detail) if there else Finding(what, "broken" if needed else "absent", detail, remedy)


def _package(name: str, remedy: str = "make setup", *, needed: bool = True, what: str = "") -> Finding:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = ""
    return _found(what or name, version, version or "not installed", remedy, needed=needed)


def _python() -> list[Finding]:
    detail = f"{platform.python_version()} on {platform.platform()}, {os.cpu_count()} cores"
    return [_found("python", sys.version_info >= (3, 11), detail, "facemotion needs 3.11 or newer", needed=True)]


def _torch() -> list[Finding]:
    import torch

    device = f"CPU with {torch.backends.cpu.get_cpu_capability()}; a GPU is needed only to train at 256 pixels and more"
    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(0)
        device = f"{torch.cuda.device_count()} x {card.name}, {card.total_memory / 2**30:.0f} GiB each"
    return [Finding("torch", "ok", torch.__version__), Finding("device", "ok", device)]


def _opencv() -> list[Finding]:
    try:
        detail = importlib.import_module("cv2").__version__
    except ImportError as error:
        return [Finding("opencv", "broken", str(error), "Debian: apt-get install libgl1 libglib2.0-0")]
    return [Finding("opencv", "ok", detail)]


def _video() -> list[Finding]:

    encoders = [name for name in ("libx264", "aac", "libx265", "libvpx-vp9", "libsvtav1") if has_encoder(name)]
    return [
        _package("av", what="PyAV"),
        _found("codecs", "libx264" in encoders, ", ".join(encoders), "PyAV without libx264 cannot write", needed=True),
    ]


def _dlib() -> list[Finding]:
    found = [_package("dlib-bin", what="dlib")]
    for wanted in (weights.POINTS_68, weights.CNN_DETECTOR, weights.RECOGNITION):
        path = weights.find(wanted)
        detail = path.name if path is not None else f"{wanted.name} is not installed"
        found.append(_found(wanted.network, path, detail, "make setup", needed=True))
    return found


def _weights() -> list[Finding]:
    """Weights that cannot be shipped and that a person may put where they are looked for."""
    folder = weights_folder()
    return [
        _found(
            wanted.network,
            weights.find(wanted, folder),
            wanted.name,
            f"only for {wanted.feature}: facemotion weights",
        )
        for wanted in weights.ALL
        if wanted.url
    ]


def weights_folder() -> Path | None:
    """`weights.dir`, where there are parameters that name one."""
    try:
        return config.load().weights.folder
    except FacemotionError:  # `facemotion check` says what is wrong with them
        return None


def _downloads() -> list[Finding]:
    return [
        _package("yt-dlp", "pip install 'yt-dlp[default,deno]'; without it nothing is downloaded", needed=False),
        _package("deno", "pip install deno; YouTube needs a JavaScript runtime", needed=False),
    ]


def _experiments() -> list[Finding]:
    names = ("dvc", "mlflow", "prefect", "optuna", "polars", "scenedetect", "face-alignment")
    return [_package(name) for name in names]


def _disk() -> list[Finding]:
    free = shutil.disk_usage(layout.DATA if layout.DATA.exists() else Path.cwd()).free / 2**30
    remedy = "the default footage, its clips and models want about 3 GiB"
    return [_found("disk", free > 3, f"{free:.0f} GiB free here", remedy)]
