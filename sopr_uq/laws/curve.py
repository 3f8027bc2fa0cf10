"""A law as a curve over polarizability, with its bands, ready to be drawn."""

from __future__ import annotations

import numpy as np
import xarray as xr

from sopr_uq.derived.summary import interval
from sopr_uq.errors import InputError
from sopr_uq.laws.law import choose, unit
from sopr_uq.rng import stream
from sopr_uq.typing import ArrayLike, FloatArray


def law_curve(
    laws: xr.DataTree,
    quantity: str,
    polarizability: ArrayLike,
    *,
    law: str | None = None,
    ci_prob: float | None = None,
) -> xr.Dataset:
    """Evaluate a law on a grid of polarizabilities.

    Parameters
    ----------
    laws : DataTree
        Result of :func:`sopr_uq.laws.fit.fit_laws`.
    quantity : str
        Which quantity.
    polarizability : array, shape (n,)
        Å³, positive.
    law : str, optional
        By default the quantity's own.
    ci_prob : float, optional
        Probability of the bands; by default that of the laws.

    Returns
    -------
    Dataset
        ``mean``; ``lower``, ``upper``, the band of the law itself; and
        ``element_lower``, ``element_upper``, the wider band that an element keeps to,
        with its scatter; dims (polarizability).

    Raises
    ------
    InputError
        If a polarizability is not positive or the laws lack the quantity.
    """
    alpha = np.atleast_1d(np.asarray(polarizability, dtype=float))
    if not np.all(alpha > 0):
        raise InputError("polarizability", "positive numbers in Å³", f"{alpha.min():g}")
    if quantity not in laws.children:
        raise InputError("quantity", "one of " + ", ".join(laws.children), repr(quantity))
    chosen = choose(quantity, law)
    probability = float(laws.attrs["ci_prob"]) if ci_prob is None else ci_prob
    draws = laws[f"{quantity}/{chosen.name}"].to_dataset()
    log_a, b, tau = (draws[name].values.ravel() for name in ("log_a", "b", "tau"))
    rng = stream(int(laws.attrs["seed"]), "curve", quantity)
    law_itself = np.exp(log_a + b * np.log(alpha)[:, None])
    element = law_itself * np.exp(tau * rng.standard_normal(tau.size))
    columns = _bands(law_itself, element, probability)
    return xr.Dataset(
        {name: ("polarizability", x, {"units": unit(quantity)}) for name, x in columns.items()},
        {"polarizability": ("polarizability", alpha, {"units": "angstrom3"})},
        attrs={"formula": chosen.formula(quantity), "ci_kind": "eti", "ci_prob": probability},
    )


def _bands(law: FloatArray, element: FloatArray, probability: float) -> dict[str, FloatArray]:
    lower, upper = interval(law, probability)
    wide_lower, wide_upper = interval(element, probability)
    return {
        "mean": law.mean(axis=-1),
        "lower": lower,
        "upper": upper,
        "element_lower": wide_lower,
        "element_upper": wide_upper,
    }
