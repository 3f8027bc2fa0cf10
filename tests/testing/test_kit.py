"""The checkers pass what is right, and fail each thing that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from sopr_uq.engine.dilute import DiluteEngine
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.series import Series
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputError
from sopr_uq.experiment.formats.files import read_content
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.observables import Pressure, Rdf, StructureFactor
from sopr_uq.observables.property import PROPERTIES, Property
from sopr_uq.observables.simulated_liquid import Reading
from sopr_uq.potentials import lennard_jones
from sopr_uq.refine.ibi import Ibi
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.prior import Prior
from sopr_uq.refine.rule import RuleState
from sopr_uq.refine.sopr import Sopr
from sopr_uq.testing import (
    check_engine,
    check_format,
    check_prior,
    check_property,
    check_quantity,
    check_rule,
)
from sopr_uq.testing.observables import simple_liquid
from sopr_uq.testing.rules import solved_problem

PAIR = simple_liquid().substance.pairs[0]
R, Q = np.arange(3.0, 12.0, 0.1), np.arange(0.5, 8.0, 0.1)


# Engines ---------------------------------------------------------------------

NOISY = IntegralEquationEngine(EngineSettings(blocks=10), sampling_error=0.02)


@dataclass(frozen=True)
class Spoilt:
    """An engine that does one thing wrong."""

    wrong: str
    inner: object = field(default_factory=DiluteEngine)
    name = "dilute"

    @property
    def traits(self):
        exact = self.wrong != "claims noise"
        return replace(self.inner.traits, exact=exact, boxed=self.wrong == "claims a box")

    def run(self, setup: Setup, *, progress=None):
        if setup.record and self.wrong != "records nothing":
            raise InputError("record", "nothing", "something")
        found = self.inner.run(replace(setup, record=()), progress=progress)
        (series,) = found.rdfs.values()
        changed = {
            "wrong law": replace(series, mean=1.1 * series.mean),
            "negative": replace(series, mean=series.mean - 0.5),
            "wrong unit": replace(series, unit="barn"),
            "one block": replace(series, blocks=series.mean[None]),
            "another length": replace(series, mean=series.mean[1:]),
            "a seed counts": replace(series, mean=series.mean * (1 + 1e-9 * setup.seed)),
        }
        pressure = found["pressure"]
        if self.wrong == "wrong pressure":
            pressure = Series.number("pressure", 1.01 * found.pressure, "MPa")
        named = {series.name: changed.get(self.wrong, series), "pressure": pressure}
        return replace(found, series={**found.series, **named})


@pytest.mark.parametrize(
    "engine", [DiluteEngine(), IntegralEquationEngine(), NOISY], ids=["dilute", "hnc", "noisy"]
)
def test_our_engines_pass(engine):
    mixture = Substance.atoms({"Ar": 39.948, "Kr": 83.798})
    potentials = {p: lennard_jones(3.4 + 0.1 * i, 0.25) for i, p in enumerate(mixture.pairs)}
    state = StatePoint(200.0, 0.01, composition={"Ar": 0.4, "Kr": 0.6})
    assert check_engine(engine).r.size > 100
    assert len(check_engine(engine, Setup(mixture, state, potentials, 3)).rdfs) == 3


def test_a_right_engine_is_no_spoilt_one():
    check_engine(Spoilt("nothing"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("wrong law", "g = exp"),
        ("negative", "not negative"),
        ("wrong unit", "barn"),
        ("one block", "blocks where, and only where"),
        ("another length", "shape"),
        ("a seed counts", "another seed"),
        ("wrong pressure", "B₂"),
        ("claims noise", "blocks where"),
        ("claims a box", "composition"),
        ("records nothing", "InputError for the record"),
    ],
)
def test_a_wrong_engine_fails(wrong, words):
    with pytest.raises(AssertionError, match=words):
        check_engine(Spoilt(wrong))


@dataclass(frozen=True)
class Hurried:
    """An engine that adds in another order each time, as graphics processors do."""

    repeats: bool = False
    drift: float = 0.0
    name = "integral_equation"
    calls: list[int] = field(default_factory=list)

    @property
    def traits(self):
        return replace(NOISY.traits, repeats=self.repeats)

    def run(self, setup: Setup, *, progress=None):
        self.calls.append(1)
        found = NOISY.run(replace(setup, seed=setup.seed + 1000 * len(self.calls)))
        (g,) = found.rdfs.values()
        size = 1.0 + self.drift * len(self.calls)
        return replace(
            found,
            series=found.series | {g.name: replace(g, mean=size * g.mean, blocks=size * g.blocks)},
        )


def test_an_engine_that_does_not_repeat_agrees_within_its_errors_and_says_so():
    check_engine(Hurried())
    with pytest.raises(AssertionError, match="of the same seed"):
        check_engine(Hurried(repeats=True))
    with pytest.raises(AssertionError, match="within errors"):
        check_engine(Hurried(drift=0.02))


# Observables -----------------------------------------------------------------

QUANTITIES = {
    "g": Rdf.partial(PAIR, R),
    "g, truncated": Rdf.partial(PAIR, R, q_max=10.0),
    "s": StructureFactor.partial(PAIR, Q),
    "pressure": Pressure(),
}


@pytest.mark.parametrize("name", QUANTITIES)
def test_our_quantities_pass(name):
    assert check_quantity(QUANTITIES[name]).x.size in (R.size, Q.size, 1)


class Wrong(Rdf):
    """Its Jacobian is 10 % too large."""

    def jacobian(self, change):
        return 1.1 * super().jacobian(change)


class Bent(Rdf):
    """Its Jacobian is not linear."""

    def jacobian(self, change):
        found = super().jacobian(change)
        return found + found**2


class Bare(Rdf):
    """It knows no errors."""

    def predict(self, liquid):
        found = super().predict(liquid)
        return Series.exact("g", found.x, found.mean, "1")


@pytest.mark.parametrize(
    ("quantity", "words"), [(Wrong, "derivative"), (Bent, "linear"), (Bare, "blocks")]
)
def test_a_wrong_quantity_fails(quantity, words):
    with pytest.raises(AssertionError, match=words):
        check_quantity(quantity.partial(PAIR, R))


def runs(count=3):
    setup = simple_liquid()
    return [(setup, NOISY.run(replace(setup, seed=seed))) for seed in range(1, count + 1)]


@pytest.mark.parametrize("name", ["g", "s", "pressure", "energy"])
def test_our_properties_pass(name):
    check_property(PROPERTIES[name], runs())


@pytest.mark.parametrize(
    ("reading", "logarithmic", "words"),
    [
        (Reading(np.zeros(1), np.ones((2, 1)), np.ones(1)), False, "one row"),
        (Reading(np.zeros(1), np.ones((3, 1)), -np.ones(1)), False, "not negative"),
        (Reading(np.zeros(1), -np.ones((3, 1)), np.ones(1)), True, "positive values"),
    ],
)
def test_a_wrong_property_fails(reading, logarithmic, words):
    wrong = Property("x", "1", lambda _, __: reading, logarithmic=logarithmic)
    with pytest.raises(AssertionError, match=words):
        check_property(wrong, runs())


# Rules -----------------------------------------------------------------------

NEWTON = {"chains": 1, "tune": 100, "draws": 50, "round_size": 1, "grid_spacing": 0.05}


@pytest.mark.parametrize(
    ("rule", "settings", "tolerance"),
    [
        (Ibi, {}, 1e-9),
        (Sopr, {"width": 0.1, "length": 0.7, "noise": 0.005}, 1e-9),
        # its best guess is what data and prior weigh, its continued core not that of the start
        (Newton, NEWTON, 0.05),
    ],
    ids=["ibi", "sopr", "newton"],
)
def test_our_rules_pass(rule, settings, tolerance):
    assert check_rule(rule, settings=settings, tolerance=tolerance).iteration == 1


class Restless(Ibi):
    """It moves a right potential."""

    def step(self, past, runs):
        state, info = super().step(past, runs)
        return RuleState(state.iteration, state.proposals + 0.01), info


class Swayed(Newton):
    """It moves a right potential by an eighth of k_B T."""

    def step(self, past, runs):
        state, info = super().step(past, runs)
        return replace(state, proposals=state.proposals + 0.03), info


class Impure(Ibi):
    """It remembers what it should be told."""

    calls = 0

    def step(self, past, runs):
        Impure.calls += 1
        state, info = super().step(past, runs)
        return RuleState(state.iteration, state.proposals + 1e-15 * Impure.calls), info


class Meddling(Ibi):
    """It changes a state that was given to it."""

    def step(self, past, runs):
        found = super().step(past, runs)
        past[0].proposals[0, 0] += 1.0
        return found


class Slow(Ibi):
    """It does not count."""

    def step(self, past, runs):
        state, info = super().step(past, runs)
        return replace(state, iteration=7), info


class Untold(Ibi):
    """It learns from what is not measured anywhere."""

    kinds = ("g", "rdf")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Untold, "kinds among"),
        (Restless, "right potential"),
        (Impure, "same step"),
        (Meddling, "as they were|same step"),
        (Slow, "iteration 1"),
    ],
)
def test_a_wrong_rule_fails(rule, words):
    with pytest.raises(AssertionError, match=words):
        check_rule(rule)


def test_a_wrong_newton_fails():
    """The negative control of the wider limit."""
    with pytest.raises(AssertionError, match=r"right potential.*0\.05"):
        check_rule(Swayed, settings=NEWTON, tolerance=0.05)


# Priors ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def problem():
    return solved_problem(IntegralEquationEngine(EngineSettings(r_max=14.0)))


def test_our_prior_passes(problem):
    assert check_prior(Prior(problem)).shape[0] == 200


class Improper(Prior):
    log_weight = np.zeros(6)


class Fixed(Prior):
    def draw(self, rng, size):
        return super().draw(np.random.default_rng(0), size)


class Coreless(Prior):
    def draw(self, rng, size):
        return -super().draw(rng, size)


@pytest.mark.parametrize(
    ("prior", "words"),
    [(Improper, "probabilities"), (Fixed, "other draws"), (Coreless, "repulsive core")],
)
def test_a_wrong_prior_fails(problem, prior, words):
    with pytest.raises(AssertionError, match=words):
        check_prior(prior(problem))


# Formats ---------------------------------------------------------------------

VALUES = np.column_stack([np.arange(1.0, 9.0), np.sqrt(np.arange(8.0))])
CSV = "r,g\n" + "".join(f"{x!r},{y!r}\n" for x, y in VALUES.tolist())


def test_our_formats_pass():
    table = check_format(lambda b: read_content("a.csv", b), CSV.encode(), VALUES)
    assert [column.quantity for column in table.columns] == ["r", "g"]


def test_a_wrong_format_fails():
    with pytest.raises(AssertionError, match="bit for bit"):
        check_format(lambda b: read_content("a.csv", b), CSV.encode(), 2 * VALUES)

    def fragile(content):
        content.decode("ascii")
        return read_content("a.csv", content)

    with pytest.raises(UnicodeDecodeError):
        check_format(fragile, CSV.encode(), VALUES)
