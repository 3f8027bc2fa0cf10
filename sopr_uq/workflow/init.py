"""``sopr-uq init``: a commented configuration from the few things that are needed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path

from sopr_uq.disk import write_atomic
from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import CURVES, KINDS, R
from sopr_uq.experiment.look import Look
from sopr_uq.workflow.config import Config, load_config

_OF_TOML = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Answers:
    """What a new configuration is made of, as a person writes it.

    Parameters
    ----------
    name : str
        Of tables, figures and folders.
    temperature, density, mass, sigma, epsilon : str
        Numbers in K, 1/Å³, u, Å and kcal/mol, or with a unit.
    pressure : str
        In MPa, or with a unit; empty for none.
    """

    name: str
    temperature: str
    density: str
    mass: str
    sigma: str
    epsilon: str
    pressure: str = ""


def write_config(path: Path, answers: Answers, seen: Look) -> Config:
    """Write a configuration that is known to be right, and return it.

    Parameters
    ----------
    path : Path
        A new TOML file.
    answers : Answers
    seen : Look
        What was seen in the file of the curve.

    Raises
    ------
    InputError
        If the file is there already, or does not end in ``.toml``.
    InputErrors
        With everything that is wrong with the answers; nothing is written.
    """
    check_place(path)
    if KINDS[seen.kind].total:
        raise InputError(
            str(seen.path),
            "a g(r) or an S(Q) of an element",
            "a total F(Q)",
            "of an element, say which by its formula, Ar; of several, begin with the page on total "
            "scattering",
        )
    if seen.curves > 1:
        raise InputError(
            str(seen.path),
            "one g(r) or S(Q), of an element",
            f"{seen.curves} partials",
            "begin with the page on mixtures: sopr-uq look prints the [[observe]] of each",
        )
    text = _text(answers, seen, path.parent)
    trial = path.with_name(f".{path.name}.trial.toml")
    try:
        trial.write_text(text, encoding="utf-8")
        config = load_config(trial)
    except OSError as error:
        raise InputError(str(path), "a folder that can be written", str(error)) from None
    finally:
        trial.unlink(missing_ok=True)
    write_atomic(path, text.encode())
    return config


def check_place(path: Path) -> None:
    """Refuse a place where no new configuration can be: one taken, or of no folder.

    Raises
    ------
    InputError
        If the file is there already, or does not end in ``.toml``.
    """
    if path.suffix != ".toml":
        raise InputError(str(path), "a name that ends in .toml", repr(path.name))
    if path.exists():
        advice = "choose another name, or remove it"
        raise InputError(str(path), "a file that is not there yet", "one that is", advice)
    if not path.parent.is_dir():
        raise InputError(str(path), "a folder that exists", str(path.parent))


_HEAD = """\
# A liquid with its measurement. Numbers may have units, as in "85 K" or
# "1.396 g/cm^3"; without, they are in K, 1/Å³, u, Å, kcal/mol and MPa.

[system]
name = {name}
temperature = {temperature}
density = {density}          # of atoms, not of formula units
mass = {mass}

# Where the search starts: size and depth of a similar liquid will do.
[reference]
form = "lennard-jones"
sigma = {sigma}
epsilon = {epsilon}
"""

_FOOT = """\
# Everything else has a default; for example:
# [engine]
# name = "lammps"             # or hoomd; integral_equation for a quick look
# particles = 1372
#
# [refine]
# rule = "newton"             # or sopr, ibi
"""


def _text(answers: Answers, seen: Look, folder: Path) -> str:
    values = {f.name: _value(getattr(answers, f.name)) for f in fields(answers)}
    values["name"] = json.dumps(answers.name, ensure_ascii=False)
    measured = [*_observe(seen, folder), "", *_pressure(answers.pressure)]
    return "\n".join([_HEAD.format(**values), *measured, "", _FOOT])


def _observe(seen: Look, folder: Path) -> list[str]:
    block = seen.block.splitlines()
    file = seen.path.absolute()
    inside = file.is_relative_to(folder.absolute())
    shown = file.relative_to(folder.absolute()) if inside else file
    lines = [f"# {note}" for note in seen.remarks]
    named = f"file = {json.dumps(str(shown), ensure_ascii=False)}"
    lines += [named if line.startswith("file =") else line for line in block]
    if CURVES[seen.kind] is R:
        lines += ["# q_max = 12.0          # end of the Fourier integral; found if not given"]
    return [*lines, "# window = [3.0, 15.0]  # what is used; all that was measured by default"]


def _pressure(pressure: str) -> list[str]:
    if not pressure:
        return [
            "# A pressure holds the depth of the well:",
            "# [[observe]]",
            '# kind = "pressure"',
            "# value = 0.1                 # MPa",
        ]
    return ["[[observe]]", 'kind = "pressure"', f"value = {_value(pressure)}"]


def _value(text: str) -> str:
    """Return a number as TOML has it, and anything else in quotation marks."""
    text = text.strip()
    try:
        number = float(text)
    except ValueError:
        return json.dumps(text, ensure_ascii=False)
    if not isfinite(number):
        return json.dumps(text)
    return text if _OF_TOML.fullmatch(text) else repr(number)
