"""A stage's own work in this process, without what surrounds it: to start one, importing all and opening the record,
takes many times as long as stages of small footage do."""

from importlib import import_module

import pytest
from conftest import Project

from facemotion import config
from facemotion.tracking_records import StageStart
from stages.harness import Notes


def work(project: Project, name: str, *words: str) -> None:
    start = StageStart(stage=name, pipeline="p", pipeline_started=0.0, started=0.0, params={}, tags={})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        import_module(f"stages.{name}").main(config.load(), Notes(name, "test", {}, start), *words)
