"""The real dvc.yaml: what one parameter re-runs, what is tracked, and that DVC and we read the same graph."""

import json
import re
import sys
from pathlib import Path

import pytest
from conftest import Project, copy_project

from facemotion import config, layout
from stages import dag

UNLEARNT = {"reference": "repeated", "landmarks_untrained": "untrained"}  # with the modules they are made of
LEARNT = ("keypoints_coarse", "keypoints_refined", "landmarks_coarse", "landmarks_refined", "fusion")
VARIANTS = (*UNLEARNT, *LEARNT)


@pytest.fixture(scope="module")
def pretended(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy in which every out exists and dvc.lock agrees, without a stage having run."""
    project = copy_project(tmp_path_factory.mktemp("dag"))
    code = project.run(sys.executable, "-m", "stages.code")
    assert code.returncode == 0, code.stderr
    for stage in _stages(project).values():
        if stage.name == "code":
            continue
        for out in stage.outs:
            path = project.root / out
            file = path if path.suffix else path / "content"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"stands for {out}")
    project.dvc("commit", "-f", "-q")
    return project


@pytest.fixture(scope="module")
def stages(pretended: Project) -> dict[str, dag.Stage]:
    return _stages(pretended)


def _stages(project: Project) -> dict[str, dag.Stage]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        return dag.read()


def said(project: Project) -> set[str]:
    """What DVC runs again. It takes seconds to say so."""
    return set(json.loads(re.sub(r"^[^{]*", "", project.dvc("status", "--json"))))


def changed(project: Project, stages: dict[str, dag.Stage]) -> set[str]:
    """The same, as the stages find it, which do not look at data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        return set(stages) - set(dag.up_to_date(stages, config.read_yaml(layout.PARAMS), {}))


def modules(project: Project, stage: dag.Stage) -> set[str]:
    """Of which a stage is made."""
    listed = [project.root / dep for dep in stage.deps if Path(dep).parent == layout.CODE]
    own = {dep for dep in stage.deps if dep.endswith(".py")}
    return own.union(*(json.loads(path.read_text()) for path in listed))


def readers(stages: dict[str, dag.Stage], key: str) -> set[str]:
    return {name for name, stage in stages.items() if any(f"{key}.".startswith(f"{of}.") for of in stage.params)}


@pytest.mark.slow
def test_dvc_runs_again_what_reads_a_parameter_or_imports_a_module(
    pretended: Project, stages: dict[str, dag.Stage]
) -> None:
    assert said(pretended) == changed(pretended, stages) == set()
    module = "facemotion/ingest/crop.py"
    wanted = {name for name, stage in stages.items() if name != "code" and module in modules(pretended, stage)}
    edited = [pretended.root / name for name in ("params.yaml", module, "dvc.lock")]
    before = [path.read_bytes() for path in edited]
    try:
        edited[1].write_bytes(before[1] + b"\n# A comment changes nothing.\n")
        assert said(pretended) == changed(pretended, stages) == {"code"}
        pretended.dvc("repro", "-q", "code")
        assert said(pretended) == changed(pretended, stages) == set()
        edited[1].write_bytes(before[1] + b"\nEDITED = True\n")
        pretended.dvc("repro", "-q", "code")
        pretended.set(tune__trials=0, train_refine__rate=0.1, evaluate__stride=9, engine__workers=1)
        assert "crop" in wanted
        assert not wanted & {"plan", "fetch", "shots", "pack"}
        for key in ("tune.trials", "train_refine.rate", "evaluate.stride", "engine.workers"):
            wanted |= readers(stages, key)
        assert said(pretended) == changed(pretended, stages) == wanted
    finally:
        for path, content in zip(edited, before, strict=True):
            path.write_bytes(content)
        pretended.dvc("checkout", "-q", "-f", "data/code")


# The page tells all parameters that can change a byte.
@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("synthetic.seed", {"plan", "fetch"}),
        ("synthetic.crf", {"fetch"}),
        ("plan.sample", {"plan"}),
        ("fetch.max_minutes", {"fetch"}),
        ("judge.frames", {"judge"}),
        ("shots.threshold", {"shots"}),
        ("tubes.min_seconds", {"tubes"}),
        ("crop.max_seconds", {"crop"}),
        ("pack.jpeg_quality", {"pack", "answers"}),
        ("pack.salt", {"pack"}),
        ("tune.trials", {"tune"}),
        ("train_coarse.steps", {"tune", "train_coarse@keypoints", "train_coarse@landmarks"}),
        ("train_refine.rate", {"train_refine@keypoints", "train_refine@landmarks"}),
        ("train_fusion.rate", {"train_fusion"}),
        ("evaluate.stride", {"answers", *(f"evaluate@{variant}" for variant in VARIANTS)}),
        ("engine.workers", set()),
    ],
)
def test_a_parameter_reruns_just_the_stages_that_read_it(
    stages: dict[str, dag.Stage], key: str, names: set[str]
) -> None:
    assert readers(stages, key) == names | ({"report"} if names else set())


def test_what_was_found_changes_trainings_and_nothing_else(pretended: Project) -> None:
    """Its content changes only where params.yaml says `tuned`: see test_tuning."""
    found = pretended.root / "models/tuned.yaml"
    before = found.read_bytes()
    found.unlink()
    try:
        found.write_text("train_coarse.rate: 0.002\n")
        again = {name.partition("@")[0] for name in said(pretended)}
        assert again >= {"train_coarse", "train_refine", "train_fusion"}
        assert not again & {"pack", "smooth", "compare"}
    finally:
        found.write_bytes(before)


def test_metrics_are_committed_and_data_is_not(pretended: Project, stages: dict[str, dag.Stage]) -> None:
    for stage in stages.values():
        for out in stage.outs:
            ignored = pretended.run("git", "check-ignore", "-q", out).returncode == 0
            committed = re.fullmatch(r"reports/(metrics/.*\.json|plots/.*\.csv)", out) is not None
            assert ignored != committed, out
    assert not pretended.run("git", "check-ignore", "dvc.lock").stdout


def test_no_out_lies_within_another_and_every_command_uses_the_environments_python(
    pretended: Project, stages: dict[str, dag.Stage]
) -> None:
    outs = sorted(out for stage in stages.values() for out in stage.outs)
    assert not [(a, b) for a in outs for b in outs if b.startswith(f"{a}/")]
    commands = re.findall(r"cmd: (.*)", (pretended.root / "dvc.yaml").read_text())
    assert len(commands) == len({name.split("@")[0] for name in stages})
    assert all(re.fullmatch(r"stages/python -m stages\.\w+( \$\{(item|key)\})?", command) for command in commands)


def test_only_evaluation_opens_the_test_split_and_only_it_depends_on_the_model_it_judges(
    pretended: Project, stages: dict[str, dag.Stage]
) -> None:
    # The report shows what evaluation has chosen.
    stages = {name: stage for name, stage in stages.items() if name != "report"}
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
    made_of = {name: modules(pretended, stage) for name, stage in stages.items()}
    assert not [path for path in made_of["evaluate@reference"] if path.startswith("facemotion/synth/")]
    for variant, module in UNLEARNT.items():
        path = f"facemotion/evaluation/{module}.py"
        assert [name for name in stages if path in made_of[name]] == [f"evaluate@{variant}"]


def test_our_graph_is_the_one_that_dvc_draws(pretended: Project, stages: dict[str, dag.Stage]) -> None:
    drawn = set(re.findall(r'"([\w@-]+)" -> "([\w@-]+)"', pretended.dvc("dag", "--dot")))
    maker = {out: name for name, stage in stages.items() for out in stage.outs}
    maker |= {dep: "code" for stage in stages.values() for dep in stage.deps if Path(dep).parent == layout.CODE}
    ours = {(maker[dep], name) for name, stage in stages.items() for dep in stage.deps if dep in maker}
    assert ours == drawn


def test_analytics_and_update_checks_are_off() -> None:
    config = (Path(__file__).parent.parent / ".dvc/config").read_text()
    assert "analytics = false" in config
    assert "check_update = false" in config


def test_what_is_up_to_date_is_seen_without_reading_the_data_again(
    pretended: Project, stages: dict[str, dag.Stage]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(pretended.root)
        params = config.read_yaml(layout.PARAMS)
        assert set(dag.up_to_date(stages, params, {})) == set(stages)
        params["shots"]["threshold"] = 9.0
        assert set(stages) - set(dag.up_to_date(stages, params, {})) == {"shots", "report"}
        other = dict.fromkeys(stages["shots"].outs, "another")
        assert "tubes" not in dag.up_to_date(stages, params, other)
        assert "fetch" in dag.up_to_date(stages, params, other)
