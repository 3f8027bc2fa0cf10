"""Elements that keep a known law."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.experiment.elements import element
from sopr_uq.laws import Ensemble

TRUTH = {"sigma": (3.16, 1 / 7), "epsilon": (0.15, 0.87)}
RELATIVE = {"sigma": 0.003, "epsilon": 0.04}


def lawful(symbol: str, rng: np.random.Generator) -> Ensemble:
    """An element that keeps the law exactly, its ensemble as far off as its width says."""
    alpha = element(symbol).polarizability()
    draws = {}
    for name, (a, b) in TRUTH.items():
        centre = np.log(a * alpha.value**b) + RELATIVE[name] * rng.standard_normal()
        draws[name] = np.exp(centre + RELATIVE[name] * rng.standard_normal((4, 500)))
    return Ensemble(symbol, alpha.value, alpha.error, draws, rule="newton")


@pytest.fixture(scope="session")
def truth() -> dict[str, tuple[float, float]]:
    """Prefactor and exponent of each quantity."""
    return TRUTH


@pytest.fixture(scope="session")
def ensembles() -> list[Ensemble]:
    rng = np.random.default_rng(30)
    return [lawful(s, rng) for s in ("Ne", "Ar", "Kr", "Xe")]
