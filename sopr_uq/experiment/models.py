"""From what a configuration says of a molecule to the molecule."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from pydantic import ValidationError

from sopr_uq.disk import read_bytes
from sopr_uq.errors import InputError
from sopr_uq.experiment.bonded import (
    Angle,
    Bond,
    Bonded,
    Dihedral,
    Harmonic,
    HarmonicBend,
    Opls,
    Tabled,
    TabledBend,
    TabledTurn,
)
from sopr_uq.experiment.catalogue import check_sha256, table_path
from sopr_uq.experiment.formats.lammps_molecule import TemplateAtom, read_template
from sopr_uq.experiment.molecule import Molecule, Site
from sopr_uq.experiment.molecule_settings import (
    AngleSettings,
    BondSettings,
    DihedralSettings,
    MoleculeSettings,
    SiteSettings,
)
from sopr_uq.experiment.nearest import suggestion
from sopr_uq.typing import FloatArray

_LARGEST = 1e6
_ISOTOPES = 0.1


def molecule_of(settings: MoleculeSettings) -> Molecule:
    """Return a molecule.

    Raises
    ------
    InputError
        If its file or model cannot be used, or its shape is none.
    """
    if settings.mass is not None:
        return Molecule(settings.name, (Site(settings.name, settings.mass, settings.charge),))
    sites = sites_of(settings)
    places = [site.position for site in sites]
    return Molecule(
        settings.name,
        tuple(Site(site.kind, site.mass, site.charge) for site in sites),
        tuple(place for place in places if place is not None) if None not in places else None,
        _bonded(_held(settings), sites),
    )


def _held(settings: MoleculeSettings) -> MoleculeSettings:
    """Return where the bonds of a molecule are described.

    Raises
    ------
    InputError
        If a model was said to be rigid, or not to be, against its kind.
    """
    if settings.model is None:
        return settings
    table = models()[settings.model]
    flexible = bool(table.get("bonds"))
    if settings.rigid is not None and settings.rigid is flexible:
        found = str(settings.rigid).lower()
        raise InputError("rigid", f"{str(not flexible).lower()} of {settings.model}", found)
    keys = ("sites", "bonds", "angles", "dihedrals")
    return MoleculeSettings.model_validate(
        {"name": settings.name} | {key: table[key] for key in keys if key in table}
    )


def _bonded(settings: MoleculeSettings, sites: Sequence[SiteSettings]) -> Bonded | None:
    """Return what holds a flexible molecule together; None of a rigid one."""
    if not settings.bonds:
        return None
    names = [site.name for site in sites]
    places = np.array([site.position or (0.0, 0.0, 0.0) for site in sites])
    return Bonded(
        tuple(_bond(each, names, places) for each in settings.bonds),
        tuple(_angle(each, names, places) for each in settings.angles),
        tuple(_dihedral(each, names) for each in settings.dihedrals),
    )


def _bond(bond: BondSettings, names: Sequence[str], places: FloatArray) -> Bond:
    i, j = _indices(bond.sites, names, "bonds")
    if bond.r is not None and bond.energy is not None:
        return Bond((i, j), Tabled(bond.r, bond.energy))
    assert bond.stiffness is not None
    length = bond.length or float(np.linalg.norm(places[j] - places[i]))
    return Bond((i, j), Harmonic(length, bond.stiffness))


def _angle(angle: AngleSettings, names: Sequence[str], places: FloatArray) -> Angle:
    i, j, k = _indices(angle.sites, names, "angles")
    if angle.theta is not None and angle.energy is not None:
        return Angle((i, j, k), TabledBend(angle.theta, angle.energy))
    assert angle.stiffness is not None
    theta = angle.angle or _degrees(places[i] - places[j], places[k] - places[j])
    return Angle((i, j, k), HarmonicBend(theta, angle.stiffness))


def _dihedral(dihedral: DihedralSettings, names: Sequence[str]) -> Dihedral:
    i, j, k, m = _indices(dihedral.sites, names, "dihedrals")
    if dihedral.phi is not None and dihedral.energy is not None:
        return Dihedral((i, j, k, m), TabledTurn(dihedral.phi, dihedral.energy))
    assert dihedral.opls is not None
    return Dihedral((i, j, k, m), Opls(dihedral.opls))


def _indices(given: Sequence[str], names: Sequence[str], key: str) -> list[int]:
    """Return which sites have these names.

    Raises
    ------
    InputError
        If none has one of them, or one is named twice.
    """
    for name in given:
        if name not in names:
            expected = f"sites among {', '.join(names)}"
            raise InputError(key, expected, name, suggestion(name, names))
    if len(set(given)) < len(given):
        raise InputError(key, "each site once", ", ".join(given))
    return [names.index(name) for name in given]


def _degrees(a: FloatArray, b: FloatArray) -> float:
    """Return the angle between two directions in degrees."""
    cosine = float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def sites_of(settings: MoleculeSettings) -> tuple[SiteSettings, ...]:
    """Return the atoms of a molecule, wherever they are described; none of an atom.

    Raises
    ------
    InputError
        If its file or model cannot be used.
    """
    if settings.sites is not None:
        return settings.sites
    if settings.file is not None:
        check_sha256(settings.file, settings.sha256)
        return _of_template(settings)
    return () if settings.model is None else _of_model(settings.model)


def mass_of(table: Any) -> float | None:
    """Return the mass in u of a raw ``[[molecule]]``; None where it cannot be told."""
    try:
        return molecule_of(MoleculeSettings.model_validate(table)).mass
    except (ValidationError, InputError):
        # named with all other faults when the tables are checked
        return None


@cache
def models() -> dict[str, dict[str, Any]]:
    """Return what ships of molecules by name."""
    found: dict[str, dict[str, Any]] = tomllib.loads(table_path("molecules").read_text("utf-8"))
    return found


def _of_model(name: str) -> tuple[SiteSettings, ...]:
    known = models()
    if name not in known:
        expected = f"one of {', '.join(known)}"
        raise InputError("model", expected, repr(name), suggestion(name, known))
    if "virtual" in known[name]:
        raise InputError(
            "model",
            "a model whose sites all have a mass",
            f"{name!r}, with {known[name]['virtual']}",
            "spce or tip3p",
        )
    return tuple(SiteSettings.model_validate(site) for site in known[name]["sites"])


def _of_template(settings: MoleculeSettings) -> tuple[SiteSettings, ...]:
    assert settings.file is not None
    where = str(settings.file)
    try:
        text = read_bytes(settings.file, _LARGEST).decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        raise InputError(where, "a readable molecule template", str(error)) from None
    atoms = read_template(text, where)
    labels = _labels(atoms, where)
    return tuple(
        SiteSettings(
            name=f"{labels[atom.type]}{number}",
            type=labels[atom.type],
            mass=atom.mass,
            charge=atom.charge,
            position=atom.position,
        )
        for number, atom in enumerate(atoms, 1)
    )


def _labels(atoms: tuple[TemplateAtom, ...], where: str) -> dict[str, str]:
    """Name the types of a template: by their labels, or the elements that their masses tell.

    Numbered types of one element get their numbers behind its symbol.
    """
    masses = {atom.type: atom.mass for atom in atoms}
    symbols = {t: _element(m, where) if t.isdigit() else t for t, m in masses.items()}
    often = Counter(symbols.values())
    return {t: name if often[name] == 1 else f"{name}{t}" for t, name in symbols.items()}


def _element(mass: float, where: str) -> str:
    import periodictable

    nearest = min(periodictable.elements, key=lambda element: abs(element.mass - mass))
    if abs(nearest.mass - mass) > _ISOTOPES:
        expected = "masses of elements in u, or labels for types"
        raise InputError(f"{where}, Masses", expected, f"{mass:g}")
    return str(nearest.symbol)
