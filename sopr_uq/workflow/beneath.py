"""What lies beneath a correction: the liquid without it, read from the settings of a result."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import xarray as xr

from sopr_uq.derived.correction import is_corrected
from sopr_uq.errors import InputError
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.ingredients import checked_makeup
from sopr_uq.experiment.makeup import Makeup
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Corrected, Potential
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.config import Config


class Beneath(NamedTuple):
    """A liquid of one kind of atom to which a correction was found."""

    substance: Substance
    """With its base, if it has one."""
    reference: Potential
    """Of its pair besides the base, in kcal/mol."""
    crowd: FloatArray
    """g(r) with the correction at the distances of the posterior, shape (n,)."""

    def corrected(self, r: FloatArray, potential: FloatArray) -> Corrected:
        """Return a draw of the potential, shape (n,) in kcal/mol at r in Å, as a function."""
        return Corrected(self.reference, r, potential - self.reference.energy(r))


def beneath(result: xr.DataTree) -> Beneath | None:
    """Return what lies beneath the correction of an element's result; None where there is none.

    Raises
    ------
    InputError, InputErrors
        If the files of the base are not those of the refinement, or g(r) was not stored.
    """
    if not is_corrected(result):
        return None
    if "structure" not in result.children:
        raise InputError("result", "a correction with g(r) of its draws", "no group structure")
    makeup = makeup_of(result)
    g = result["structure"].to_dataset()["g"].mean(("chain", "draw"))
    r = result["posterior"].to_dataset()["r"].values
    crowd = np.interp(r, g["r_g"].values, g.values)
    (reference,) = makeup.references.values()
    return Beneath(makeup.substance, reference, np.maximum(crowd, 0.0))


def makeup_of(result: xr.DataTree) -> Makeup:
    """Return the substance and the references of a result, without its measurements.

    Raises
    ------
    InputError, InputErrors
        If a file of the base or of a reference is missing or another one.
    """
    config = Config.model_validate(json.loads(str(result.attrs["settings"])))
    faults = Faults()
    makeup = checked_makeup(faults, config.system, config.ingredients)
    faults.raise_any()
    assert makeup is not None
    return makeup
