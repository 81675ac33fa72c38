"""Which numbers are multiplied in: fast ones where there are such, and a word where they were asked for in vain."""

import logging

import pytest
import torch

from facemotion.training import precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(("instructions", "expected"), [({}, "fp32"), ({"avx512_bf16": True}, "bf16")])
def test_auto_takes_bfloat16_only_where_it_is_not_emulated(
    instructions: dict[str, bool], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, **instructions})
    assert precision.chosen("auto", CPU) == expected
    assert precision.chosen("fp32", CPU) == "fp32"


def test_what_is_asked_for_by_name_is_done_and_said_where_it_is_slow(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    with caplog.at_level(logging.WARNING):
        assert precision.chosen("bf16", CPU) == "bf16"
    assert "emulates" in caplog.text


def test_this_processor_is_known() -> None:
    assert precision.has_bf16(CPU) in (True, False)
