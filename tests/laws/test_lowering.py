"""Law 1: every kernel equals the reference, values and all gradients, on random structures."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import torch
from drawing import SEEDS, assert_same, with_grads
from hypothesis import given, settings
from hypothesis import strategies as st
from lowering import CASES, Case
from lowering.cases import without_loops

import geonets as gn
from geonets.engine.plan import RULES

WITHOUT_LOOPS = {"bucketed_recurrence", "convolve_by_type", "level_recurrence", "reduce_segments", "segment_attention"}
"""Kernels in whose place compiled loops run where numba is installed."""


@pytest.fixture(autouse=True)
def some_kernel_runs(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--plan") == "reference":
        pytest.skip("no kernel runs under the reference")


@pytest.mark.parametrize(
    ("rule", "draws"), [(rule, draws) for rule, _, draws in CASES], ids=[f"{r}-{n}" for r, n, _ in CASES]
)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=SEEDS)
def test_a_kernel_equals_the_reference(rule: str, draws: Case, data: Any, seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    layer, structure = draws(data.draw)
    layer = layer.double()
    with without_loops() if rule in WITHOUT_LOOPS else contextlib.nullcontext():
        lowered = with_grads(layer, structure)
    with gn.reference():
        expected = with_grads(layer, structure)
    assert_same(lowered, expected)


@pytest.mark.parametrize(
    ("rule", "draws"), [(rule, draws) for rule, _, draws in CASES], ids=[f"{r}-{n}" for r, n, _ in CASES]
)
def test_a_case_reaches_its_rule(rule: str, draws: Case) -> None:
    from hypothesis import Phase, find

    def reaches(drawn: tuple[torch.nn.Module, gn.Structure]) -> bool:
        layer, structure = drawn
        with without_loops() if rule in WITHOUT_LOOPS else contextlib.nullcontext():
            return rule in {step.plan.name for step in gn.explain_plan(layer.double(), structure)}

    @st.composite
    def drawn(draw: Any) -> tuple[torch.nn.Module, gn.Structure]:
        return draws(draw)

    drawing = settings(max_examples=300, deadline=None, database=None, phases=[Phase.generate])  # any will do
    find(drawn(), reaches, settings=drawing)


def test_every_rule_has_a_case() -> None:
    assert {rule.name for rule in RULES} == {rule for rule, _, _ in CASES}
