"""Molecules that would be frozen solid: a temperature in °C; real liquids pass."""

import pytest

from sopr_uq.errors import InputError, InputErrors
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.makeup import mixture_of
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.settings import PairSettings, SystemSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.states import StateSettings, check_state
from sopr_uq.experiment.warmth import check_warmth


def made(molecule, pairs):
    faults = Faults()
    told = [PairSettings(sites=sites, **keys) for sites, keys in pairs]
    makeup = mixture_of([MoleculeSettings(**molecule)], told, faults)
    faults.raise_any()
    return makeup


NOTHING = {"form": "zero"}
WATER = (
    {"name": "water", "model": "spce"},
    [
        (("O", "O"), {"sigma": 3.166, "epsilon": 0.1553}),
        (("O", "H"), NOTHING),
        (("H", "H"), NOTHING),
    ],
)


def linear(name, mass, length):
    ends = ({"name": "1", "position": (0, 0, 0)}, {"name": "2", "position": (length, 0, 0)})
    return {"name": name, "sites": [{"type": name, "mass": mass, **end} for end in ends]}


NITROGEN = (linear("N", 14.007, 1.1), [(("N", "N"), {"sigma": 3.31, "epsilon": 0.0725})])
ETHANE = (linear("C", 15.035, 1.54), [(("C", "C"), {"sigma": 3.75, "epsilon": 0.195})])


def check(made_of, kelvin, density):
    makeup = made(*made_of)
    state = StatePoint(kelvin, density, composition={made_of[0]["name"]: 1.0})
    check_warmth(makeup.substance, makeup.references, state)


@pytest.mark.parametrize(
    ("made_of", "kelvin", "density"),
    [
        (WATER, 235.0, 0.0325), (WATER, 298.15, 0.03333), (WATER, 600.0, 0.0217),
        (NITROGEN, 63.2, 0.01865), (NITROGEN, 120.0, 0.0113),
        (ETHANE, 92.0, 0.0131), (ETHANE, 300.0, 0.006),
    ],
)  # fmt: skip
def test_real_liquids_pass(made_of, kelvin, density):
    check(made_of, kelvin, density)


@pytest.mark.parametrize(
    ("made_of", "celsius", "density"),
    [(WATER, 4.0, 0.0334), (WATER, 25.0, 0.0333), (WATER, 80.0, 0.0325), (ETHANE, 20.0, 0.0068)],
)
def test_degrees_celsius_are_seen(made_of, celsius, density):
    with pytest.raises(InputError, match="°C") as refused:
        check(made_of, celsius, density)
    assert f"write {celsius + 273.15:g}" in str(refused.value)


def test_a_further_state_point_is_looked_at_too():
    where = {"density": 0.0333, "composition": {"water": 1.0}}
    system = SystemSettings(name="water", temperature=298.15, **where)

    def faults_at(kelvin):
        observe = (ObserveSettings(kind="pressure", value=0.1),)
        faults, state = Faults(), StateSettings(temperature=kelvin, observe=observe, **where)
        check_state(faults, 2, system, state, made(*WATER))
        return faults

    assert len(faults_at(280.0)) == 0
    with pytest.raises(InputErrors, match=r"state.2.temperature.*25 is in °C"):
        faults_at(25.0).raise_any()
