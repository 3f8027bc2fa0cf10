"""The ground floor: constants, random streams, errors, provenance."""

from __future__ import annotations

import hashlib
import pickle
from datetime import UTC, datetime
from importlib import metadata
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants, stats

from sopr_uq import provenance, revision, units
from sopr_uq.errors import InputError, InputErrors
from sopr_uq.rng import integer_seed, stream

SEEDS = st.integers(0, 2**63 - 1)


def test_boltzmann_constant_in_kcal_per_mol() -> None:
    joule = constants.k * constants.N_A
    assert joule / (1000 * constants.calorie) == pytest.approx(units.BOLTZMANN, rel=1e-9)
    assert units.thermal_energy(300.0) * units.inverse_temperature(300.0) == pytest.approx(1.0)


def test_pressure_unit_is_that_of_an_ideal_gas() -> None:
    """P = ρ k_B T in SI and in the package's units."""
    density, temperature = 0.02125, 85.0
    ours = density * units.thermal_energy(temperature) * units.MPA_PER_KCAL_MOL_A3
    si = density * 1e30 * constants.k * temperature
    assert ours * 1e6 == pytest.approx(si, rel=1e-9)


def test_time_unit_makes_kinetic_energy_an_energy() -> None:
    """½ m (Å / unit)² is half a kcal/mol for m = 1 u."""
    speed = constants.angstrom / (units.FS_PER_TIME * constants.femto)
    kinetic = 0.5 * constants.atomic_mass * speed**2 * constants.N_A
    # 1 u is defined by the carbon atom, not by Avogadro's number: they agree to 3e-10
    assert kinetic == pytest.approx(0.5 * 1000 * constants.calorie, rel=1e-8)


def test_polarizability_unit_is_the_cubed_bohr_radius() -> None:
    bohr = constants.value("Bohr radius") / constants.angstrom
    assert pytest.approx(bohr**3, rel=1e-9) == units.POLARIZABILITY_AU


@given(seed=SEEDS, number=st.integers(0, 1000))
def test_equal_names_give_equal_streams(seed: int, number: int) -> None:
    first, second = (stream(seed, "md", number).random(4) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert 1 <= integer_seed(seed, "md", number) < 2**31 - 1


def test_different_names_give_independent_streams() -> None:
    names = [("md", 0), ("md", 1), ("md", 0, 0), ("noise", 0), (0,), ("posterior",)]
    draws = [stream(7, *name).standard_normal(4000) for name in names]
    draws.append(stream(8, "md", 0).standard_normal(4000))
    # 21 correlations, two-sided: one false alarm in 1000 runs of all
    limit = stats.norm.isf(0.5 * 1e-3 / 21) / np.sqrt(4000)
    found = [abs(np.corrcoef(a, b)[0, 1]) for a, b in combinations(draws, 2)]
    assert max(found) < limit
    # negative control: a tenth of the variance in common is seen
    shared = np.sqrt(0.9) * draws[1] + np.sqrt(0.1) * draws[0]
    assert abs(np.corrcoef(draws[0], shared)[0, 1]) > limit


def test_a_fault_says_what_was_expected_and_survives_a_process_border() -> None:
    fault = InputError("refine.gamma", "a positive number", "-1", "0.5")
    assert str(fault) == "refine.gamma: expected a positive number; found -1. Try: 0.5."
    several = InputErrors([fault, InputError("a", "b", "c", "Did you mean d?")])
    assert str(several).splitlines()[0] == "2 faults in the input:"
    assert str(several).endswith("found c. Did you mean d?")
    for error in (fault, several):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)


def test_provenance_names_what_is_installed(tmp_path) -> None:
    found = provenance.versions()
    assert found["sopr-uq"] == revision.code()
    assert found["numpy"] == metadata.version("numpy")
    moment = datetime.fromisoformat(provenance.now())
    assert moment.microsecond == 0
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    file = tmp_path / "curve.csv"
    file.write_bytes(b"r,g\n1,0\n")
    assert provenance.sha256(file) == hashlib.sha256(file.read_bytes()).hexdigest()
