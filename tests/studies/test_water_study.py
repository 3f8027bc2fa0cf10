"""The study of molecules: its tables are what is stored, its twins what it says."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def study(modules_of):
    """Modules ``plan`` and ``tables`` of the study."""
    with modules_of("water", "plan", "tables") as modules:
        yield modules


def test_the_readme_says_what_is_stored(study, filled_again) -> None:
    _, tables = study
    stored, again = filled_again("water", tables.fill)
    assert again == stored


def test_truths_are_corrections_of_the_size_that_is_said(study) -> None:
    plan, _ = study
    sizes = []
    for number in range(20):
        problem, truth = plan.problem_of("partials", number, np.random.default_rng(number))
        correction = problem.field.split(truth - problem.field.start)
        # none where the cut-off is, and nothing that is felt deep inside
        assert np.abs(correction[:, -1]).max() < 1e-6
        sizes.append(np.abs(correction).max(axis=1))
    assert np.min(sizes) > 0.03
    assert np.max(sizes) < 0.17


def test_four_contrasts_differ_in_what_hydrogen_weighs(study) -> None:
    plan, _ = study
    curves = plan.blank(plan.WORLDS["totals"])
    of_hydrogen = [float(o.of.between(np.ones(1))[0, 2]) for o in curves]
    assert [o.name for o in curves] == list(plan.CONTRASTS[plan.WATER])
    assert of_hydrogen[0] > of_hydrogen[3] > of_hydrogen[1] > of_hydrogen[2]
    assert of_hydrogen[2] == pytest.approx(0.0, abs=1e-3)
