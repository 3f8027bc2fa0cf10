"""Configurations of molecules, mixtures, bases, totals and motion: a liquid or a clear error."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.errors import InputErrors
from sopr_uq.workflow.config import load_config

SHARED = runpy.run_path(str(Path(__file__).with_name("fuzzing.py")))
CASES, fuzz = SHARED["CASES"], SHARED["fuzz"]
check_words, in_a_moment = SHARED["check_words"], SHARED["in_a_moment"]

Q = np.arange(0.5, 15.0, 0.1)
PAIRS = {"sigma": 3.2, "epsilon": 0.16}


def pairs(*labels, **shape):
    return [{"sites": label.split("-"), **shape} for label in labels]


def system(name, temperature, density, **more):
    return {"name": name, "temperature": temperature, "density": density, **more}


def total(**more):
    return {"kind": "f", "file": "f.csv", "window": [1.0, 14.0], "weights": "neutron", **more}


ENDS = [
    {"name": name, "type": "N", "mass": 14.007, "position": [x, 0.0, 0.0]}
    for name, x in (("N1", 0.0), ("N2", 1.1))
]
LIQUIDS = {
    "water": {
        "system": system("water", 295.0, 0.0333),
        "molecule": [{"name": "water", "model": "spce"}],
        "pair": [*pairs("O-O", **PAIRS, refine="correction"), *pairs("O-H", "H-H", form="zero")],
        "observe": [total(deuterated=1.0), {"kind": "pressure", "value": 0.1, "error": 50.0}],
    },
    "nitrogen": {
        "system": system("nitrogen", 70.0, 0.018),
        "molecule": [{"name": "N2", "sites": ENDS}],
        "pair": pairs("N-N", sigma=3.31, epsilon=0.0725),
        "observe": [{"kind": "s", "file": "s.csv", "sites": ["N", "N"]}],
    },
    "alloy": {
        "system": system("alloy", 120.0, 0.0185, composition={"Ar": 0.4, "Kr": 0.6}),
        "molecule": [{"name": "Ar", "mass": 39.95}, {"name": "Kr", "mass": 83.8}],
        "pair": pairs("Ar-Ar", "Ar-Kr", "Kr-Kr", sigma=3.5, epsilon=0.3),
        "observe": [{"kind": "s", "file": "s.csv", "sites": ["Ar", "Kr"]}, total()],
    },
    "melt": {
        "system": system("melt", 1023.0, 0.05244),
        "molecule": [{"name": "Al", "mass": 26.98}],
        "base": {"style": "eam/fs", "files": ["Al_mm.eam.fs"], "elements": {"Al": "Al"}},
        "pair": pairs("Al-Al", form="zero"),
        "observe": [{"kind": "s", "file": "s.csv"}],
    },
    "moving": {
        "system": system("moving", 85.0, 0.02125, mass=39.948),
        "reference": {"sigma": 3.4, "epsilon": 0.24},
        "observe": [
            {"kind": "s", "file": "s.csv"},
            {"kind": "diffusion", "value": 1.8, "error": 0.1},
            {"kind": "viscosity", "value": 0.29, "error": 0.02},
        ],
    },
}

WORDS = st.sampled_from(
    [
        *("O", "H", "N", "Ar", "Kr", "Al", "D", "O-H", "O-N", "Ar-Kr", "-", "", "water", "spce"),
        *("tip4p", "neutron", "x-ray", "none", "square-of-average", "average-of-squares", "zero"),
        *("correction", "eam/fs", "sw", "snap", "Al_mm.eam.fs", "../x", "/dev/zero", "a\0b", "nm"),
        *(
            "f",
            "s",
            "g",
            "diffusion",
            "viscosity",
            "2.4e-9 m^2/s",
            "0.3 mPa s",
            "300 K",
            "1 g/cm^3",
        ),
        *("f.csv", "s.csv", "1/nm", "s-1", "rigid", "lennard-jones", "mie", "table", "119.8 K"),
    ]
)
NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 2, 3, 0.1, 0.5, 1.0, 25.0, 80.0, 298.0, 1e-30, 1e30, 10**400]),
    st.floats(-10.0, 10.0),
    st.floats(),
)
SCALARS = st.one_of(WORDS, NUMBERS, st.booleans())
KEYS = st.one_of(
    WORDS,
    st.sampled_from(
        [
            *("name", "mass", "charge", "position", "type", "model", "file", "sites", "sigma"),
            *("epsilon", "form", "refine", "kind", "value", "error", "weights", "deuterated"),
            *("element", "style", "files", "elements", "exponent", "exchange", "normalisation"),
        ]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
PLACES = st.sampled_from(
    [
        *("system.temperature", "system.density", "system.composition", "system.mass", "system"),
        *("system.composition.Ar", "molecule", "molecule.0", "molecule.0.name", "molecule.0.model"),
        *("molecule.0.sites", "molecule.0.sites.0", "molecule.0.sites.0.position", "molecule.1"),
        *("molecule.0.sites.1.type", "molecule.0.sites.0.mass", "molecule.0.sites.0.charge"),
        *("molecule.0.mass", "molecule.0.element", "molecule.0.scattering_length", "pair"),
        *("molecule.0.rigid", "pair.0", "pair.0.sites", "pair.0.sigma", "pair.0.epsilon"),
        *("pair.0.form", "pair.0.refine", "pair.0.exponent", "pair.1", "pair.2.sites", "base"),
        *("base.style", "base.files", "base.elements", "base.elements.Al", "reference", "observe"),
        *("observe.0", "observe.0.kind", "observe.0.sites", "observe.0.weights", "observe.0.file"),
        *("observe.0.deuterated", "observe.0.normalisation", "observe.0.intramolecular"),
        *("observe.0.exchange", "observe.0.inelastic", "observe.0.background", "observe.0.form"),
        *("observe.0.scale_sd", "observe.0.window", "observe.0.unit", "observe.1.value"),
        *("observe.1.error", "observe.1.kind", "observe.2.value", "observe.2.error", "observe.3"),
        *("engine.name", "engine.cutoff", "engine.particles", "refine.rule", "state", "state.0"),
    ]
)

LIKELY = {
    "system.temperature": [4.2, 25.0, 77.0, 300.0, 1500.0],
    "system.density": [0.0005, 0.01, 0.02, 0.035, 0.06, "1 g/cm^3"],
    "system.composition": [{"Ar": 0.5, "Kr": 0.5}, {"water": 1.0}, {"Ar": 0.999, "Kr": 0.001}],
    "molecule.0.model": ["spce", "tip3p", "tip4p"],
    "molecule.0.mass": [1.008, 26.98, 84.0, 200.0],
    "molecule.0.element": ["H", "D", "Ar", "36Ar", "Al", "O"],
    "molecule.0.scattering_length": [-3.74, 0.0, 1.9, 24.9],
    "molecule.0.sites.0.position": [[0.0, 0.0, 0.3], [3.0, 0.0, 0.0], [0.11, 0.0, 0.0]],
    "molecule.0.sites.0.charge": [-0.5, 0.5, 2.0],
    "molecule.0.sites.1.type": ["N", "M", "X"],
    "pair.0.sigma": [0.3, 2.5, 3.4, 5.0, "0.34 nm"],
    "pair.0.epsilon": [0.001, 0.16, 0.5, 4.0, "119.8 K", "0.996 kJ/mol"],
    "pair.0.form": ["zero", "lennard-jones", "mie"],
    "pair.0.refine": [True, False, "correction"],
    "pair.0.exponent": [9.0, 12.0, 20.0],
    "pair.2.sites": [["Kr", "Kr"], ["H", "H"], ["Ar", "Ar"]],
    "base.style": ["eam/fs", "eam/alloy", "sw"],
    "base.elements": [{"Al": "Al"}, {"Al": "Cu"}, {}],
    "observe.0.kind": ["g", "s", "f"],
    "observe.0.file": ["f.csv", "s.csv"],
    "observe.0.sites": [["O", "O"], ["Ar", "Ar"], ["Kr", "Ar"], ["N", "N"]],
    "observe.0.weights": [
        *("neutron", "x-ray"),
        *({"Ar-Ar": 0.16, "Ar-Kr": 0.48, "Kr-Kr": 0.36}, {"O-O": 1.0}, {"N-N": 2.0}),
    ],
    "observe.0.deuterated": [0.0, 0.359, 1.0],
    "observe.0.normalisation": ["none", "square-of-average", "average-of-squares"],
    "observe.0.intramolecular": [True, False],
    "observe.0.exchange": [True, False],
    "observe.0.window": [[0.5, 3.0], [5.0, 14.0], [0.0, 1.0]],
    "observe.0.unit": ["nm", "1/nm", "1/angstrom"],
    "observe.1.value": [-1e4, 0.0, 1.8, 2.4e-5, "2.4e-9 m^2/s", "0.3 mPa s"],
    "observe.1.error": [1e-6, 0.1, 1e3, "0.1e-9 m^2/s"],
    "observe.1.kind": ["pressure", "diffusion", "viscosity", "s"],
    "engine.name": ["lammps", "hoomd", "hnc", "integral_equation", "auto"],
    "engine.cutoff": [5.0, 9.0, 40.0],
    "engine.particles": [8, 100, 1000],
    "refine.rule": ["newton", "sopr", "ibi"],
    "state.0": [{"temperature": 300.0}, {"temperature": 90.0, "density": 0.02}],
}
"""Values that somebody may well write there; the liquid need not be one with them."""

CHANGES = st.one_of(
    st.dictionaries(PLACES, VALUES, min_size=1, max_size=3),
    st.lists(st.sampled_from(list(LIKELY)), min_size=1, max_size=3, unique=True).flatmap(
        lambda places: st.fixed_dictionaries({p: st.sampled_from(LIKELY[p]) for p in places})
    ),
)


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """A folder with a total and a structure factor that are nothing special."""
    folder = tmp_path_factory.mktemp("liquids")
    peak = 1.2 * np.exp(-(((Q - 2.0) / 0.3) ** 2)) - 0.9 * np.exp(-((Q / 1.6) ** 4))
    for name, value in (("f.csv", 0.4 * peak), ("s.csv", 1.0 + peak)):
        np.savetxt(folder / name, np.column_stack([Q, value]), delimiter=",")
    for name, liquid in LIQUIDS.items():
        (folder / f"{name}.toml").write_text(tomli_w.dumps(liquid), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", LIQUIDS)
def test_each_of_them_is_a_liquid(beside, name):
    assert load_config(beside / f"{name}.toml").system.name == name


@pytest.mark.parametrize("name", LIQUIDS)
@fuzz(CASES // 4)
@given(changes=CHANGES)
def test_changed_liquids(beside, name, changes):
    with in_a_moment():
        try:
            load_config(beside / f"{name}.toml", changes)
        except InputErrors as error:
            check_words(error)


@fuzz(CASES // 4)
@given(
    first=st.sampled_from(list(LIQUIDS)),
    others=st.dictionaries(
        st.sampled_from(["system", "molecule", "pair", "base", "observe", "reference"]),
        st.sampled_from(list(LIQUIDS)),
        max_size=4,
    ),
)
def test_tables_of_several_liquids_together(beside, first, others):
    tables = LIQUIDS[first] | {key: LIQUIDS[name].get(key, []) for key, name in others.items()}
    file = beside / "mixed.toml"
    file.write_text(tomli_w.dumps({k: v for k, v in tables.items() if v}), encoding="utf-8")
    with in_a_moment():
        try:
            load_config(file)
        except InputErrors as error:
            check_words(error)
