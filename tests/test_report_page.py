"""The page that the whole DAG makes on the smoke profile: whole, the same in every run, and right in a browser."""

import hashlib
import json
import re
import sys
from collections.abc import Iterator

import pytest
from browser import Page, browser, program
from conftest import Project

from facemotion.evaluation import glossary
from facemotion.report.page import CONTENTS
from pipelines import deps

pytestmark = pytest.mark.slow
in_a_browser = pytest.mark.skipif(program() is None, reason="no Chromium here: set FACEMOTION_CHROMIUM to one")


def digests(project: Project) -> dict[str, str]:
    folder = project.root / "reports"
    files = [folder / "index.html", *sorted((folder / "assets").iterdir())]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def page_of(project: Project) -> str:
    return (project.root / "reports/index.html").read_text()


def variants(project: Project) -> list[str]:
    return [name.removeprefix("evaluate@") for name in project.lock() if name.startswith("evaluate@")]


def test_it_is_one_folder_that_needs_nothing_else(smoke: Project) -> None:
    page = page_of(smoke)
    folder = smoke.root / "reports"
    named = set(re.findall(r'(?:src|poster|href)="([^"#][^"]*)"', page)) - {"data:,"}
    assert {name for name in named if not (folder / name).is_file()} == set()
    assert {f"assets/{file.name}" for file in (folder / "assets").iterdir()} == named
    assert not re.search(r"https?://", page)
    assert sum(file.stat().st_size for file in [folder / "index.html", *(folder / "assets").iterdir()]) < 25 * 2**20
    assert set(re.findall(r'href="#(\w+)"', page)) <= set(re.findall(r'id="(\w+)"', page))


def test_every_variant_is_on_it_and_one_is_called_best(smoke: Project) -> None:
    page = page_of(smoke)
    for variant in variants(smoke):
        assert variant.replace("_", "_<wbr>") in page
    (best,) = re.findall(r"<strong>(\w+)</strong> is best", page)
    assert best in variants(smoke)
    figures = json.loads((smoke.root / "reports/metrics/leaderboard.json").read_text())
    assert {name.partition(".")[0] for name in figures} == set(variants(smoke))
    for anchor in CONTENTS:
        assert f'id="{anchor}"' in page


def test_it_is_the_same_bytes_again_and_tells_no_revision(smoke: Project, smoke_copy: Project) -> None:
    told = smoke_copy.run(sys.executable, "-m", "stages.report")
    assert told.returncode == 0, told.stderr
    assert digests(smoke_copy) == digests(smoke)
    revision = smoke.run("git", "rev-parse", "--short", "HEAD").stdout.strip()
    assert revision not in page_of(smoke)
    assert str(smoke.root) not in page_of(smoke)


def test_whatever_is_scored_is_explained(smoke: Project) -> None:
    scored = {
        metric
        for variant in variants(smoke)
        for metric in json.loads((smoke.root / f"reports/metrics/evaluate_{variant}.json").read_text())
    }
    assert {name for name in scored if not glossary.about(name).meaning} <= {"clips", "frames", "pairs"}


def test_a_variant_that_is_added_joins_what_compares_them(smoke: Project) -> None:
    stages = deps.YAML(typ="safe", pure=True).load(smoke.root / "dvc.yaml")["stages"]
    stages["evaluate"]["foreach"]["another"] = {"made_of": "models/another"}
    assert "reports/scores/another.parquet" in deps.wanted("compare", stages)
    needed = deps.wanted("report", stages)
    assert {"models/another", "reports/scores/another_maps.parquet"} <= set(needed)
    assert "models/reference" not in needed
    del stages["evaluate"]["foreach"]["another"]
    assert deps.wanted("report", {**stages, "report": {**stages["report"], "deps": needed}}) == stages["report"]["deps"]


def test_a_variant_that_is_forgotten_is_told(smoke_copy: Project) -> None:
    path = smoke_copy.root / "dvc.yaml"
    needed = "    - reports/scores/keypoints_coarse.parquet\n"
    first, rest = path.read_text().split("  compare:\n")
    path.write_text("  compare:\n".join([first, rest.replace(needed, "", 1)]))
    told = smoke_copy.run(sys.executable, "-m", "stages.compare")
    assert told.returncode == 1
    assert "dvc.yaml evaluates keypoints_coarse" in told.stderr
    assert "make deps" in told.stderr


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page


@in_a_browser
@pytest.mark.parametrize("width", [380, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_and_complains_of_nothing(smoke: Project, tab: Page, width: int, dark: bool) -> None:
    tab.open((smoke.root / "reports/index.html").as_uri(), width, dark=dark)
    tab.tell("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert tab.tell("document.documentElement.scrollWidth") <= width
    paper = tab.tell("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", paper))) < 3 * 128) == dark
    assert tab.complaints == []
    assert [address for address in tab.asked if not address.startswith(("file:", "data:"))] == []


@in_a_browser
def test_pictures_load_and_have_words(smoke: Project, tab: Page) -> None:
    tab.open((smoke.root / "reports/index.html").as_uri())
    tab.tell("document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
    tab.until("[...document.images].every(one => one.complete)")
    assert tab.tell("document.images.length") > 6
    assert tab.tell("[...document.images].filter(one => !one.naturalWidth || !one.alt).map(one => one.src)") == []
    assert tab.tell("[...document.querySelectorAll('svg[role=img]')].filter(one => !one.ariaLabel).length") == 0


@in_a_browser
def test_videos_play_and_are_reached_by_keyboard(smoke: Project, tab: Page) -> None:
    tab.open((smoke.root / "reports/index.html").as_uri())
    assert tab.tell("document.querySelectorAll('video').length") >= 1
    played = "Promise.all([...document.querySelectorAll('video')].map(one => one.play())).then(() => true)"
    assert tab.tell(played)
    tab.until("[...document.querySelectorAll('video')].every(one => one.currentTime > 0.2)")
    assert tab.tell("[...document.querySelectorAll('video')].filter(one => one.error || !one.videoWidth).length") == 0
    assert tab.tell("[...document.querySelectorAll('video')].every(one => one.controls && one.ariaLabel)")
    assert tab.tell("const one = document.querySelector('video'); one.focus(); document.activeElement === one")
