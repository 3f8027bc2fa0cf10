"""How LAMMPS is told of a base."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sopr_uq.experiment.base import Base

type _Coefficients = Callable[[Base, Sequence[str]], list[str]]


def style_arguments(base: Base) -> str:
    """Return the style of a base with its arguments, as ``pair_style hybrid/overlay`` wants it."""
    return f"{base.style} 3" if base.style == "uf3" else base.style


def coefficient_commands(base: Base, sites: Sequence[str]) -> list[str]:
    """Return the commands ``pair_coeff`` of a base.

    Parameters
    ----------
    base : Base
    sites : sequence of str
        Names of the types of sites, in their order.
    """
    elements = base.of_sites(sites)
    return _OF_STYLE.get(base.style, _all_at_once)(base, elements)


def _all_at_once(base: Base, elements: Sequence[str]) -> list[str]:
    files = " ".join(_quoted(file) for file in base.files)
    return [f"pair_coeff * * {base.style} {files} {' '.join(elements)}"]


def _each_type(base: Base, elements: Sequence[str]) -> list[str]:
    (file,) = base.files
    count = range(1, len(elements) + 1)
    return [f"pair_coeff {i} {i} {base.style} {_quoted(file)}" for i in count]


def _with_library(base: Base, elements: Sequence[str]) -> list[str]:
    library, parameters = (_quoted(file) for file in base.files)
    names = " ".join(elements)
    kinds = " ".join(dict.fromkeys(elements))
    return [f"pair_coeff * * {base.style} {library} {kinds} {parameters} {names}"]


_OF_STYLE: Mapping[str, _Coefficients] = {
    "eam": _each_type,
    "meam": _with_library,
}


def _quoted(file: Path) -> str:
    return f'"{file}"'
