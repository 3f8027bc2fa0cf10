"""The conda recipe asks for what the package asks for, under conda-forge's names."""

import re
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
NAMES = {"freud-analysis": "freud", "matplotlib": "matplotlib-base"}
PIP_ALONE = {"mpich"}
"""Comes with conda-forge's own builds of LAMMPS."""


@pytest.fixture(scope="module")
def recipe():
    return yaml.safe_load((ROOT / "recipe" / "recipe.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def floors(requirements):
    """Names and lowest versions, as numbers, of requirements of pip or conda."""
    found = {}
    for requirement in requirements:
        name, floor = re.fullmatch(r"([\w.-]+?) ?>=([\d.]+)(?:,<\d+)?", requirement).groups()
        name = NAMES.get(name.casefold(), name.casefold())
        found[name] = tuple(map(int, floor.split(".")))
    return found


def test_what_is_needed_is_the_same(recipe, project):
    ours, hoomd = recipe["outputs"]
    needed = [r for r in ours["requirements"]["run"] if not r.startswith("python ")]
    assert floors(needed) == floors(project["project"]["dependencies"])
    extras = project["project"]["optional-dependencies"]
    wanted = {
        k: v for k, v in floors(extras["md"] + extras["cluster"]).items() if k not in PIP_ALONE
    }
    assert floors(ours["requirements"]["run_constraints"]) == wanted
    gpu = floors(r for r in hoomd["requirements"]["run"] if ">=" in r)
    assert {name: gpu[name] for name in ("freud", "numba")} == {
        name: wanted[name] for name in ("freud", "numba")
    }


def test_a_difference_would_be_seen():
    assert floors(["numpy>=2.1"]) == floors(["numpy >=2.1"])
    assert floors(["numpy>=2.1"]) != floors(["numpy >=2.0"])
    assert floors(["netCDF4>=1.7"]) == floors(["netcdf4 >=1.7"])


def test_the_lowest_versions_can_be_asked_for(project):
    """What ``make floors`` installs: every requirement has a floor, and one alone."""
    listed = runpy.run_path(str(ROOT / "tools" / "floors.py"))["pins"](
        (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    extras = project["project"]["optional-dependencies"]
    names = ("md", "cluster", "ase", "test", "docs")
    needed = project["project"]["dependencies"] + [r for n in names for r in extras[n]]
    assert sorted(set(needed)) == sorted(pin.replace("==", ">=") for pin in listed)


def test_version_python_and_command_are_the_same(recipe, project):
    context, ours = recipe["context"], recipe["outputs"][0]
    assert context["version"] == project["project"]["version"]
    assert project["project"]["requires-python"] == f">={context['python_min']}"
    commands = dict(e.split(" = ") for e in ours["build"]["python"]["entry_points"])
    assert commands == project["project"]["scripts"]
    host = [r for r in ours["requirements"]["host"] if r.startswith("hatchling")]
    assert floors(host) == floors(project["build-system"]["requires"])


def test_the_gpu_has_the_hoomd_of_the_environment(recipe):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (wanted,) = [d for d in environment["dependencies"] if str(d).startswith("hoomd")]
    run = recipe["outputs"][1]["requirements"]["run"]
    assert wanted.replace("hoomd>", "hoomd >") in run
