"""One experiment counts once: every observation knows where it is from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import sopr_uq
from sopr_uq.errors import InputError, InputErrors
from sopr_uq.experiment import load_system
from sopr_uq.experiment.checks import check_origins
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.measurement import read_observation
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.scattering import Given
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.totals import Total
from sopr_uq.structure.mixture import Mixture

X = np.array([3.0, 4.0, 5.0])
G = Observation("g", X, np.ones(3), origin="one experiment")
S = Observation("s", X, np.ones(3), origin="one experiment")
PRESSURE = Observation("pressure", np.zeros(1), np.ones(1), origin="one experiment")


def test_two_curves_of_one_experiment_are_refused_with_advice():
    with pytest.raises(InputError, match=r"g alone or s alone.*same data once more"):
        check_origins([G, S])
    with pytest.raises(InputError, match="both of one experiment"):
        Liquid(StatePoint(85.0, 0.02, 40.0), (S, G))


@pytest.mark.parametrize(
    "other",
    [PRESSURE, replace(S, origin="another"), replace(S, origin=""), replace(G, origin="")],
    ids=["a pressure", "another experiment", "of unknown origin", "alike, of unknown origin"],
)
def test_what_may_be_taken_together_is(other):
    check_origins([G, other])
    check_origins([other, other] if not other.origin else [other])


def contrast(kind, length, pairs=(("A", "A"), ("A", "B"), ("B", "B"))):
    """A total of A, which scatters by 1, and B."""
    pairs = tuple(Pair(*pair) for pair in pairs)
    weights = np.array([0.25, 0.5 * length, 0.25 * length**2])
    of = dict(zip(pairs, (weights / weights.sum()).tolist(), strict=True))
    if kind == "f":
        mixture = Mixture.of(np.array([0.01, 0.01]))
        of = Total(Given(weights), mixture, pairs, np.empty(0))
    return Observation(kind, X, np.ones(3), origin="one file", of=of)


@pytest.mark.parametrize("kind", ["f", "s"])
def test_two_contrasts_in_one_file_are_two_experiments(kind):
    """Two isotopes are two samples; one of them twice, or as its own transform, is one."""
    check_origins([contrast(kind, 0.5), contrast(kind, -0.3)])
    for other in ("g", "s", "f"):
        with pytest.raises(InputError, match="each experiment once"):
            check_origins([contrast(kind, 0.5), contrast(other, 0.5)])


def test_what_ships_says_its_experiment():
    origins = {name: [o.origin for o in load_system(name).observations] for name in SHIPPED}
    assert all(all(found) for found in origins.values())
    assert len(set(origins["argon-85K"])) == len(set(origins["neon-42K"])) == 1
    assert len({found[0] for found in origins.values()}) == 4


SHIPPED = ("argon-85K", "neon-42K", "krypton-199K", "xenon-274K")


@pytest.mark.parametrize("name", ["argon-85K", "neon-42K"])
@pytest.mark.parametrize("kinds", ["g,s", "s,g,pressure"])
def test_a_configuration_with_g_and_s_of_one_experiment_is_refused(name, kinds):
    with pytest.raises(InputErrors, match=r"each experiment once.*alone or .* alone"):
        sopr_uq.load_config(name, observe=kinds)
    for alone in ("g", "s", "g,pressure", "s,pressure"):
        assert sopr_uq.load_config(name, observe=alone)


def write(folder, name):
    r = np.arange(2.5, 15.0, 0.1)
    # with waves to the end: a level filled in would be no data
    g = 1 + 2 * np.exp(-((r - 3.7) ** 2) * 4) + 0.05 * np.cos(1.9 * (r - 3.7)) * (r > 3.3) - (r < 3)
    g = g + 0.001 * (name == "b.csv") * np.cos(r)
    rows = [f"{x:.3f},{y:.4f}" for x, y in zip(r, g, strict=True)]
    (folder / name).write_text("\n".join(["r_angstrom,g", *rows]))


CONFIG = """
[system]
name = "mine"
temperature = 85.0
density = 0.02125
mass = 39.948
[reference]
sigma = 3.4
epsilon = 0.24
"""


@pytest.mark.parametrize(
    ("first", "second", "good"),
    [
        ('file = "a.csv"', 'file = "b.csv"', True),
        ('file = "a.csv"', 'file = "a.csv"', False),
        ('file = "a.csv"\norigin = "E"', 'file = "b.csv"\norigin = "E"', False),
        ('file = "a.csv"\norigin = "E"', 'file = "a.csv"\norigin = "F"', True),
    ],
    ids=["two files", "one file twice", "one origin said", "two origins said"],
)
def test_a_file_is_its_own_experiment_unless_it_is_said(tmp_path, first, second, good):
    for name in ("a.csv", "b.csv"):
        write(tmp_path, name)
    entries = [f'[[observe]]\nkind = "g"\n{entry}' for entry in (first, second)]
    own = tmp_path / "own.toml"
    own.write_text("\n".join([CONFIG, *entries]))
    if good:
        assert len(sopr_uq.load_config(own).observe) == 2
    else:
        with pytest.raises(InputErrors, match="each experiment once"):
            sopr_uq.load_config(own)


def test_each_state_may_have_its_curve_of_one_experiment(tmp_path):
    for name in ("a.csv", "b.csv"):
        write(tmp_path, name)
    entry = '[[{}]]\nkind = "g"\nfile = "{}"\norigin = "E"'
    state = "[[state]]\ntemperature = 90.0\ndensity = 0.021"
    lines = [CONFIG, entry.format("observe", "a.csv"), state]
    own = tmp_path / "own.toml"
    own.write_text("\n".join([*lines, entry.format("state.observe", "b.csv")]))
    config = sopr_uq.load_config(own)
    assert [o.origin for o in config.state[0].observe] == ["E"]
    twice = [entry.format("state.observe", name) for name in ("a.csv", "b.csv")]
    own.write_text("\n".join([*lines, *twice]))
    with pytest.raises(InputErrors, match=r"state\.0\.observe, curves: expected each experiment"):
        sopr_uq.load_config(own)


def test_what_is_said_wins_over_the_registry():
    own = ObserveSettings(kind="g", curve="argon_85K_gr", origin="E")
    assert read_observation(own).origin == "E"
    pressure = read_observation(ObserveSettings(kind="pressure", value=1.0))
    assert pressure.origin == ""
