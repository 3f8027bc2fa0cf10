"""Properties that every pair or molecule of a mixture has: as variables with that dimension."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import xarray as xr

from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.property import PROPERTIES, Property

_SUFFIXES = ("", "_error", "_left_out", "_expected", "_window", "_sampling_sd")


def gathered(flat: xr.Dataset, told: Sequence[Property]) -> xr.Dataset:
    """Return a dataset in which the parts of a property are one variable.

    Parameters
    ----------
    flat : Dataset
        Variables named by :attr:`Property.title`, and what is said of them by a suffix after it.
    told : sequence of Property
        Parts of one property side by side.

    Returns
    -------
    Dataset
        With a dimension ``pair``, ``molecule`` or ``measured`` after that of the states.
    """
    found = flat
    for name, each in groupby((p for p in told if p.of), key=lambda p: p.name):
        parts = list(each)
        dim, labels = parts[0].each, [p.of for p in parts]
        for suffix in _SUFFIXES:
            names = [f"{p.title}{suffix}" for p in parts]
            if names[0] not in flat:
                continue
            dims = list(flat[names[0]].dims)
            dims.insert(dims.index("state") + 1, dim)
            stacked = xr.concat([flat[title].reset_coords(drop=True) for title in names], dim)
            found = found.drop_vars(names).assign({name + suffix: stacked.transpose(*dims)})
            found = found.assign_coords({dim: labels})
    return found


def part(dataset: xr.Dataset, title: str, suffix: str = "") -> xr.DataArray:
    """Return what a gathered dataset says of a property by its title."""
    name, _, of = title.partition(" ")
    found = dataset[name + suffix]
    return found.sel({PROPERTIES[name].each: of}, drop=True) if of else found


def state_labels(states: Sequence[StatePoint]) -> dict[str, object]:
    """Return coordinates of the dimension ``state``; of a mixture mole fractions, too."""
    found: dict[str, object] = {
        "temperature": ("state", np.array([s.temperature for s in states]), {"units": "K"}),
        "density": ("state", np.array([s.density for s in states]), {"units": "angstrom^-3"}),
    }
    if names := list(states[0].composition):
        fractions = np.array([[s.composition[name] for name in names] for s in states])
        found |= {"molecule": names, "fraction": (("state", "molecule"), fractions, {"units": "1"})}
    return found
