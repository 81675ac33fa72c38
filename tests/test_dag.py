"""The real dvc.yaml: what one parameter re-runs, what is tracked, and that DVC and we read the same graph."""

import json
import re
from pathlib import Path

import pytest
from conftest import Project, copy_project

from stages import dag

UNLEARNT = {"reference": "repeated", "landmarks_untrained": "untrained"}  # with the modules they are made of
LEARNT = ("keypoints_coarse", "keypoints_refined", "landmarks_coarse", "landmarks_refined", "fusion")
VARIANTS = (*UNLEARNT, *LEARNT)


@pytest.fixture(scope="module")
def pretended(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy in which every out exists and dvc.lock agrees, without a stage having run."""
    project = copy_project(tmp_path_factory.mktemp("dag"))
    for stage in _stages(project).values():
        for out in stage.outs:
            path = project.root / out
            file = path if path.suffix else path / "content"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"stands for {out}")
    project.dvc("commit", "-f", "-q")
    return project


def _stages(project: Project) -> dict[str, dag.Stage]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        return dag.read()


def changed(project: Project) -> set[str]:
    return set(json.loads(re.sub(r"^[^{]*", "", project.dvc("status", "--json"))))


# The page tells all parameters that can change a byte.
@pytest.mark.parametrize(
    ("key", "value", "stages"),
    [
        ("synthetic__seed", 5, {"plan", "fetch"}),
        ("synthetic__crf", 30, {"fetch"}),
        ("plan__sample", 9, {"plan"}),
        ("fetch__max_minutes", 1.0, {"fetch"}),
        ("judge__frames", 10, {"judge"}),
        ("shots__threshold", 9.0, {"shots"}),
        ("tubes__min_seconds", 2.0, {"tubes"}),
        ("crop__max_seconds", 3.0, {"crop"}),
        ("pack__jpeg_quality", 80, {"pack", "answers"}),
        ("pack__salt", "another", {"pack"}),
        ("tune__trials", 0, {"tune"}),
        ("train_coarse__steps", 5, {"tune", "train_coarse@keypoints", "train_coarse@landmarks"}),
        ("train_refine__rate", 0.1, {"train_refine@keypoints", "train_refine@landmarks"}),
        ("train_fusion__rate", 0.1, {"train_fusion"}),
        ("evaluate__stride", 9, {"answers", *(f"evaluate@{variant}" for variant in VARIANTS)}),
        ("engine__workers", 1, set()),
    ],
)
def test_a_parameter_reruns_just_the_stages_that_read_it(
    pretended: Project, key: str, value: object, stages: set[str]
) -> None:
    params = pretended.root / "params.yaml"
    before = params.read_bytes()
    try:
        pretended.set(**{key: value})
        assert changed(pretended) == stages | ({"report"} if stages else set())
    finally:
        params.write_bytes(before)
    assert changed(pretended) == set()


def test_what_was_found_changes_trainings_and_nothing_else(pretended: Project) -> None:
    """Its content changes only where params.yaml says `tuned`: see test_tuning."""
    found = pretended.root / "models/tuned.yaml"
    before = found.read_bytes()
    found.unlink()
    try:
        found.write_text("train_coarse.rate: 0.002\n")
        assert {name.partition("@")[0] for name in changed(pretended)} >= {
            "train_coarse",
            "train_refine",
            "train_fusion",
        }
        assert not changed(pretended) & {"pack", "smooth", "compare"}
    finally:
        found.write_bytes(before)


def test_editing_a_module_changes_the_stages_that_import_it(pretended: Project) -> None:
    module = pretended.root / "facemotion/ingest/crop.py"
    before = module.read_bytes()
    try:
        module.write_bytes(before + b"\n# edited\n")
        assert "crop" in changed(pretended)
        assert not changed(pretended) & {"plan", "fetch", "shots", "pack"}
    finally:
        module.write_bytes(before)


def test_metrics_are_committed_and_data_is_not(pretended: Project) -> None:
    for stage in _stages(pretended).values():
        for out in stage.outs:
            ignored = pretended.run("git", "check-ignore", "-q", out).returncode == 0
            committed = re.fullmatch(r"reports/(metrics/.*\.json|plots/.*\.csv)", out) is not None
            assert ignored != committed, out
    assert not pretended.run("git", "check-ignore", "dvc.lock").stdout


def test_no_out_lies_within_another_and_every_command_uses_the_environments_python(pretended: Project) -> None:
    stages = _stages(pretended)
    outs = sorted(out for stage in stages.values() for out in stage.outs)
    assert not [(a, b) for a in outs for b in outs if b.startswith(f"{a}/")]
    commands = re.findall(r"cmd: (.*)", (pretended.root / "dvc.yaml").read_text())
    assert len(commands) == len({name.split("@")[0] for name in stages})
    assert all(re.fullmatch(r"stages/python -m stages\.\w+( \$\{(item|key)\})?", command) for command in commands)


def test_only_evaluation_opens_the_test_split_and_only_it_depends_on_the_model_it_judges(pretended: Project) -> None:
    stages = _stages(pretended)
    del stages["report"]  # which shows what evaluation has chosen
    assert {name for name, stage in stages.items() if "data/packed/test" in stage.deps} == {
        "answers",
        *(f"evaluate@{variant}" for variant in VARIANTS),
    }
    models = {name: [dep for dep in stage.deps if dep.startswith("models/")] for name, stage in stages.items()}
    assert all(models[f"evaluate@{variant}"] == [] for variant in UNLEARNT)
    for variant in LEARNT:
        assert models[f"evaluate@{variant}"] == [f"models/{variant}"]
    assert models["train_coarse@keypoints"] == ["models/tuned.yaml"]
    assert models["train_refine@keypoints"] == ["models/tuned.yaml", "models/keypoints_coarse"]
    assert models["train_fusion"] == ["models/tuned.yaml", "models/landmarks_refined"]
    # Rendering takes seconds, and what it told is in the answers: another renderer does not score again by itself.
    rendering = [dep for dep in stages["evaluate@reference"].deps if dep.startswith("facemotion/synth/")]
    assert rendering == []
    for variant, module in UNLEARNT.items():
        path = f"facemotion/evaluation/{module}.py"
        assert [name for name, stage in stages.items() if path in stage.deps] == [f"evaluate@{variant}"]


def test_our_graph_is_the_one_that_dvc_draws(pretended: Project) -> None:
    drawn = set(re.findall(r'"([\w@-]+)" -> "([\w@-]+)"', pretended.dvc("dag", "--dot")))
    stages = _stages(pretended)
    maker = {out: name for name, stage in stages.items() for out in stage.outs}
    ours = {(maker[dep], name) for name, stage in stages.items() for dep in stage.deps if dep in maker}
    assert ours == drawn


def test_analytics_and_update_checks_are_off() -> None:
    config = (Path(__file__).parent.parent / ".dvc/config").read_text()
    assert "analytics = false" in config
    assert "check_update = false" in config


def test_what_is_up_to_date_is_seen_without_reading_the_data_again(pretended: Project) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(pretended.root)
        stages = dag.read()
        params = dag.config.read_yaml(Path("params.yaml"))
        assert set(dag.up_to_date(stages, params, {})) == set(stages)
        params["shots"]["threshold"] = 9.0
        assert set(stages) - set(dag.up_to_date(stages, params, {})) == {"shots", "report"}
        other = dict.fromkeys(stages["shots"].outs, "another")
        assert "tubes" not in dag.up_to_date(stages, params, other)
        assert "fetch" in dag.up_to_date(stages, params, other)
