"""params.yaml: what is right is accepted, what is wrong is named with its file and what is allowed."""

import io
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from facemotion import config, profiles
from facemotion.errors import FacemotionError
from facemotion.models.presets import preset

ROOT = Path(__file__).parent.parent


@pytest.fixture
def content() -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    (tmp_path / "profiles").mkdir()
    for profile in (ROOT / "profiles").glob("*.yaml"):
        (tmp_path / "profiles" / profile.name).write_bytes(profile.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_committed_params_are_valid_and_every_value_has_a_comment(content: dict[str, Any]) -> None:
    config.validate(content, "params.yaml")
    for line in (ROOT / "params.yaml").read_text().splitlines():
        if line and not line.startswith("#") and not line.endswith(":") and not line.lstrip().startswith("#"):
            assert "#" in line, f"{line!r} is not explained"


def test_the_committed_model_is_the_preset_that_trains_in_minutes(content: dict[str, Any]) -> None:
    assert config.validate(content, "params.yaml").model == preset("tiny")


@pytest.mark.parametrize("name", ["vox256", "celebvhq256"])
def test_profiles_of_published_lists_hold_the_model_for_quality_and_a_gpu_goes_on_top(project: Path, name: str) -> None:
    profiles.apply(name)
    before = config.load(project / "params.yaml")
    assert before.model == preset("base")
    assert profiles.apply("gpu")
    after = config.load(project / "params.yaml")
    assert (after.source, after.model) == (before.source, before.model)
    assert after.train_coarse.batch_size > before.train_coarse.batch_size


def test_the_profile_to_animate_with_has_the_preset_of_its_size(project: Path) -> None:
    profiles.apply("live")
    assert config.load().model == preset("small")


def test_sizes_that_do_not_fit_are_told(content: dict[str, Any]) -> None:
    content["model"]["refiner"]["levels"] = [8, 12]
    with pytest.raises(FacemotionError, match="refiner"):
        config.validate(content, "params.yaml")


def test_a_mistyped_key_is_named_with_file_section_and_suggestion(content: dict[str, Any]) -> None:
    content["tubes"]["min_secnds"] = content["tubes"].pop("min_seconds")
    with pytest.raises(FacemotionError) as caught:
        config.validate(content, "some.yaml")
    message = str(caught.value)
    assert "some.yaml: tubes.min_secnds is not a known key" in message
    assert "did you mean 'min_seconds'?" in message
    assert "some.yaml: tubes.min_seconds is missing" in message


@pytest.mark.parametrize(
    ("section", "key", "value", "said"),
    [
        ("crop", "size", "big", "crop.size is 'big'"),
        ("crop", "size", 63, "crop.size is 63"),
        ("crop", "outside", "wrap", "'reflect' or 'reject'"),
        ("synthetic", "people", 0, "synthetic.people is 0"),
        ("pack", "val_share", 1.5, "pack.val_share is 1.5"),
        ("source", "kind", "youtube", "source.kind is 'youtube'"),
        ("source", "kind", "folder", "source.path must name the folder"),
    ],
)
def test_a_wrong_value_is_named(content: dict[str, Any], section: str, key: str, value: object, said: str) -> None:
    content[section][key] = value
    with pytest.raises(FacemotionError, match=said.replace(".", r"\.")):
        config.validate(content, "params.yaml")


def test_a_missing_and_an_unknown_section_are_both_named(content: dict[str, Any]) -> None:
    content["packs"] = content.pop("pack")
    with pytest.raises(FacemotionError) as caught:
        config.validate(content, "params.yaml")
    assert "packs is not a known key; did you mean 'pack'?" in str(caught.value)
    assert "pack is missing" in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a\n", "just words", "a: [1", "a: !!python/object/apply:os.system ['true']"])
def test_what_is_no_params_file_at_all_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(FacemotionError, match=r"params\.yaml"):
        config.load(path)


def test_no_params_file_says_where_to_run() -> None:
    with pytest.raises(FacemotionError, match="project's root"):
        config.load(Path("/nowhere/params.yaml"))


def test_every_profile_is_valid_and_keeps_all_comments(project: Path) -> None:
    before = (project / "params.yaml").read_text()
    for name in profiles.available():
        (project / "params.yaml").write_text(before)
        diff = profiles.apply(name)
        after = (project / "params.yaml").read_text()
        assert diff
        assert after.count("#") == before.count("#")
        assert len(after.splitlines()) == len(before.splitlines())  # lists stay in their lines
        config.load(project / "params.yaml")


def test_a_profile_changes_only_what_it_names(project: Path) -> None:
    before = config.read_yaml(Path("params.yaml"))
    profiles.apply("smoke")
    after = config.read_yaml(Path("params.yaml"))
    smoke = config.read_yaml(Path("profiles/smoke.yaml"))
    assert after["motions"] == before["motions"]
    sections = [s for s in after if isinstance(after[s], dict)]
    changed = {(s, k) for s in sections for k in after[s] if after[s][k] != before[s][k]}
    assert changed <= {(s, k) for s in smoke for k in smoke[s]}
    assert profiles.apply("smoke") == ""  # laid twice is laid once


def test_a_mapping_in_one_line_is_laid_as_a_whole(project: Path) -> None:
    for name, steps in (("one", "{landmarks: 7}"), ("other", "{mixed: 8}")):
        (project / f"profiles/{name}.yaml").write_text(f"train_coarse:\n  steps_of: {steps}\n")
        profiles.apply(name)
        assert f"  steps_of: {steps} " in (project / "params.yaml").read_text()
    assert config.load().train_coarse.of("mixed").steps == 8


def test_a_dry_run_changes_nothing(project: Path) -> None:
    before = (project / "params.yaml").read_bytes()
    assert "people: 8" in profiles.apply("smoke", write=False)
    assert (project / "params.yaml").read_bytes() == before


def test_a_profile_with_an_unknown_or_invalid_value_changes_nothing(project: Path) -> None:
    before = (project / "params.yaml").read_bytes()
    (project / "profiles/odd.yaml").write_text("crop:\n  sizes: 256\n")
    (project / "profiles/wrong.yaml").write_text("crop:\n  size: 7\n")
    for name, said in (("odd", "sizes is not a known key"), ("wrong", "crop.size is 7"), ("none", "no profile 'none'")):
        with pytest.raises(FacemotionError, match=said):
            profiles.apply(name)
    assert (project / "params.yaml").read_bytes() == before


def test_the_round_trip_of_params_is_exact(project: Path) -> None:
    """A profile that changes nothing must not reformat the file."""
    before = (project / "params.yaml").read_text()
    (project / "profiles/same.yaml").write_text("crop:\n  size: 256\n")
    profiles.apply("same")
    assert (project / "params.yaml").read_text() == before
    assert io.StringIO(before).readline().startswith("#")
