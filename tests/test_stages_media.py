"""Whatever lies in a person's folder, each file becomes a row with a reason or right clips; and what is killed or runs
out of disk ends, once it may go on, in the bytes of an unbroken run."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import polars as pl
import psutil
import pytest
from conftest import Project, copy_project
from in_process import work
from odd_media import FPS, FRAMES, write_all

from facemotion import config, schemas, video
from facemotion.errors import FacemotionError
from facemotion.files import file_digest
from facemotion.landmarks.scores import nme
from facemotion.landmarks.store import TrackStore
from facemotion.sources import scan

pytestmark = pytest.mark.slow

OUTS = {"crop": ("data/clips", "data/clips.parquet"), "landmarks": ("data/landmarks",)}

# What is not let in, and what its reason must say. A hundred sides more than any screen's is more than params allow.
REFUSED = {
    "cut_short": "cannot be decoded", "empty": "empty", "noise": "cannot be decoded", "sound": "no video stream",
    "eightk": "7680x4320", "vanished": "not there", "locked": "cannot be read",
    "no_time": "cut off",
}  # fmt: skip
# What is let in and holds nothing of use: a single moment.
IDLE = ("frame1",)
# What gives a clip, and how far its landmarks may lie from those of the plain film, in outer-eye distances.
WHOLE = {"plain": 0.0, "variable": 0.05, "rotated": 0.02, "tenbit": 0.02, "odd": 0.02, "no_rate": 0.02, "moving": 0.03}


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose folder holds every odd file, after the stages up to smooth: fetch as a user without privileges,
    the others in this process, which spares importing everything again."""
    project = copy_project(tmp_path_factory.mktemp("media"))
    with pytest.MonkeyPatch.context() as patch:
        # Making a store takes seconds, and no test here reads it.
        patch.setenv("FACEMOTION_TEST_RECORD", f"sqlite:///{tmp_path_factory.mktemp('record')}/mlflow.db")
        patch.chdir(project.root)
        folder = project.root / "videos"
        folder.mkdir()
        write_all(folder)
        for name in ("vanished", "locked"):
            shutil.copy(folder / "plain.mp4", folder / f"{name}.mp4")
        project.set(source__kind="folder", source__path="videos", engine__workers=1)
        scan.save(scan.scan(config.load().source))
        (folder / "vanished.mp4").unlink()
        (folder / "locked.mp4").chmod(0)
        work(project, "plan")
        told = project.run(*unprivileged(), sys.executable, "-m", "stages.fetch")
        assert told.returncode == 0, told.stderr
        for stage in ("shots", "tubes", "crop", "landmarks"):
            work(project, stage)
        yield project


def unprivileged() -> list[str]:
    """What makes a command obey permissions of files even where the tests run as root."""
    return ["unshare", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []


def ledger(project: Project) -> dict[str, dict[str, object]]:
    rows = schemas.LEDGER.read(project.root / "data/videos.parquet").iter_rows(named=True)
    return {row["video_id"].rsplit("-", 1)[0]: row for row in rows}


def clips(project: Project) -> dict[str, pl.DataFrame]:
    table = schemas.CLIPS.read(project.root / "data/clips.parquet").filter("accepted")
    return {str(name).rsplit("-", 1)[0]: rows for (name,), rows in table.group_by("video_id")}


def test_each_odd_file_has_its_row_and_its_reason(ingested: Project) -> None:
    rows = ledger(ingested)
    for name, words in REFUSED.items():
        assert rows[name]["status"] != "ok", name
        assert words in str(rows[name]["reason"]), rows[name]
    for name in (*IDLE, *WHOLE, "interlaced", "broken_off", "whole"):
        assert rows[name]["status"] == "ok", rows[name]
    assert not set(IDLE) & set(clips(ingested))
    shots = schemas.SHOTS.read(ingested.root / "data/shots.parquet")
    for name in IDLE:
        assert shots.filter(pl.col("video_id") == rows[name]["video_id"])["reason"].to_list() == ["short"]


def test_odd_but_whole_films_give_the_clip_of_the_plain_one(ingested: Project) -> None:
    found, store = clips(ingested), TrackStore(ingested.root / "data/landmarks")
    plain = store[found["plain"]["clip_id"][0]].points.astype(np.float64)
    for name, off in WHOLE.items():
        (row,) = found[name].iter_rows(named=True)
        read = list(video.frames(ingested.root / "data/clips" / row["path"]))
        assert len(read) == row["frames"]
        assert row["end_s"] == pytest.approx(FRAMES / FPS, abs=0.1)
        points = store[row["clip_id"]].points.astype(np.float64)
        assert np.isfinite(points).all(), name
        # Boxes differ by a pixel or so: compared is what the face does within itself, at the same moment.
        moments = np.minimum(np.rint(np.arange(len(points)) * len(plain) / len(points)).astype(int), len(plain) - 1)
        assert float(nme(centred(plain[moments]), centred(points)).mean()) <= off + 1e-9, name


def centred(points: np.ndarray) -> np.ndarray:
    """About the mean of the face, in multiples of its mean size over time."""
    about = points - points.mean(axis=1, keepdims=True)
    return about / np.sqrt((about**2).sum(axis=(1, 2)).mean())


def test_a_file_that_breaks_off_gives_what_came(ingested: Project) -> None:
    found = clips(ingested)
    assert found["whole"]["frames"].sum() == FRAMES
    assert 25 <= found["broken_off"]["frames"].sum() < FRAMES


def test_interlaced_video_comes_without_combs(ingested: Project) -> None:
    """Lines of two moments make combs at whatever moves: each line differs from its neighbours."""
    found = clips(ingested)

    def comb(name: str) -> float:
        (path,) = found[name]["path"]
        frames = [image.astype(float) for image in video.frames(ingested.root / "data/clips" / path)]
        return float(np.mean([np.abs(image[1:-1] - (image[:-2] + image[2:]) / 2).mean() for image in frames]))

    assert comb("interlaced") < 1.2 * comb("plain")


def digests(project: Project, stage: str) -> dict[str, str]:
    """Of every file of the stage's outs that downstream stages read."""
    paths = [project.root / out for out in OUTS[stage]]
    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return {str(file.relative_to(project.root)): file_digest(file) for file in files}


def forget(project: Project, stage: str) -> None:
    """The stage's outs, as DVC removes them before it runs it."""
    for out in OUTS[stage]:
        path = project.root / out
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def kill_and_go_on(project: Project, stage: str, rng: random.Random) -> None:
    forget(project, stage)
    process = project.start(sys.executable, "-m", f"stages.{stage}")
    until, work = time.monotonic() + 120, project.root / ".work" / stage
    while not work.exists() and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(rng.uniform(0, 2))
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for member in family:
        try:
            os.kill(member.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()
    psutil.wait_procs(family, timeout=10)
    told = project.run(sys.executable, "-m", f"stages.{stage}")
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("stage", list(OUTS))
def test_killed_at_a_random_moment_it_still_makes_the_same_bytes(ingested: Project, stage: str) -> None:
    before = digests(ingested, stage)
    kill_and_go_on(ingested, stage, random.Random())
    assert digests(ingested, stage) == before


@pytest.mark.soak
@pytest.mark.parametrize("stage", list(OUTS))
def test_killed_at_many_moments_it_still_makes_the_same_bytes(ingested: Project, stage: str) -> None:
    before = digests(ingested, stage)
    for seed in range(20):
        kill_and_go_on(ingested, stage, random.Random(seed))
        assert digests(ingested, stage) == before


def mounting() -> bool:
    told = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return told.returncode == 0


@pytest.mark.parametrize("stage", ["crop", pytest.param("landmarks", marks=pytest.mark.soak)])
def test_a_full_disk_is_told_and_with_more_of_it_the_stage_goes_on(ingested: Project, stage: str) -> None:
    if not mounting():
        pytest.skip("this system lets nobody mount a small disk")
    before = digests(ingested, stage)
    forget(ingested, stage)
    small, large = "size=200k", "size=64m"
    run = f"{sys.executable} -m stages.{stage}"
    script = (
        f"mount -t tmpfs -o {small} none .work && {{ {run}; echo left with $?; }} && "
        f"mount -o remount,{large} .work && {run}"
    )
    told = ingested.run("unshare", "-rm", "sh", "-c", script)
    assert "left with 1" in told.stdout, told.stdout + told.stderr
    assert "No space left on device" in told.stderr
    assert "Traceback" not in told.stderr
    assert told.returncode == 0, told.stderr
    assert digests(ingested, stage) == before


def test_a_clip_that_was_damaged_since_is_named(ingested: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ingested.root)
    rows = schemas.CLIPS.read(ingested.root / "data/clips.parquet").filter("accepted")
    path = ingested.root / "data/clips" / rows["path"][0]
    whole = path.read_bytes()
    path.unlink()  # it may be a link to another copy
    path.write_bytes(whole[: len(whole) // 2])
    try:
        with pytest.raises(FacemotionError, match=rf"{path.name} cannot be decoded.*the others are kept"):
            work(ingested, "landmarks")
    finally:
        path.write_bytes(whole)
