"""The QDO paper's own analysis, redone from its published numbers.

Least squares without weights and bands that come from elsewhere: ±2 % for the
size law, ±10 % for the energy law. It is here so that old and new can stand on
one axis; the paper's intervals are not statistical.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import xarray as xr

from sopr_uq.experiment.elements import elements, published_laws
from sopr_uq.laws.law import choose, unit
from sopr_uq.typing import FloatArray

BANDS: Mapping[str, float] = MappingProxyType({"sigma": 0.02, "epsilon": 0.10})
"""Relative half-widths of the paper's bands."""


def least_squares(
    alpha: FloatArray, value: FloatArray, exponent: float | None = None
) -> tuple[float, float]:
    """Fit log D = log a + b log α by least squares.

    Parameters
    ----------
    alpha : array, shape (E,)
        Polarizabilities in Å³.
    value : array, shape (E,)
        D in Å or kcal/mol.
    exponent : float, optional
        b, if it is fixed.

    Returns
    -------
    a, b : float
        a in the unit of D, for α in Å³.
    """
    x, y = np.log(alpha), np.log(value)
    b = float(np.polyfit(x, y, 1)[0]) if exponent is None else exponent
    return float(np.exp(np.mean(y - b * x))), b


def published_analysis() -> xr.Dataset:
    """Redo the fits of the QDO paper from its Table 1 and compare with what it states.

    Returns
    -------
    Dataset
        Over ``quantity`` (sigma, epsilon): ``a``, ``b`` refitted, ``stated_a``,
        ``stated_b``, ``band`` (relative half-width), ``stated_lower``,
        ``stated_upper`` (of the prefactor). Over ``element`` as well: ``alpha``,
        ``table`` (the paper's number), ``refitted``, ``stated`` (what either law
        gives), ``lower``, ``upper`` (the paper's band about its stated law) and
        ``implied_a`` (the prefactor that the paper's number implies).

    References
    ----------
    B. L. Shanks, H. W. Sullivan, P. Jungwirth and M. P. Hoepfner, J. Chem. Phys.
    (2025), arXiv 2501.06501, Tables 1 and 2.
    """
    table = elements()
    alpha = np.array([e.polarizability("qdo").value for e in table.values()])
    refined = np.array([e.published.kind == "refined" for e in table.values()])
    rows = [_row(quantity, alpha, refined) for quantity in BANDS]
    per_element = ("table", "refitted", "stated", "lower", "upper", "implied_a")
    columns = {
        name: (
            ("quantity", "element") if name in per_element else "quantity",
            [r[name] for r in rows],
        )
        for name in rows[0]
    }
    coords = {"quantity": list(BANDS), "element": list(table)}
    ds = xr.Dataset({**columns, "alpha": ("element", alpha)}, coords)
    ds["alpha"].attrs["units"] = "angstrom3"
    return ds.assign_coords(
        unit=("quantity", [unit(q) for q in BANDS]), refined=("element", refined)
    ).assign_attrs(
        method="unweighted least squares in log D", ci_kind="stated band, no probability"
    )


def _row(quantity: str, alpha: FloatArray, refined: FloatArray) -> dict[str, FloatArray | float]:
    value = np.array([getattr(e.published, quantity) for e in elements().values()])
    stated, band = published_laws()[quantity], BANDS[quantity]
    a, b = least_squares(alpha[refined], value[refined], choose(quantity).exponent)
    law = stated.prefactor * alpha**stated.exponent
    return {
        "a": a,
        "b": b,
        "stated_a": stated.prefactor,
        "stated_b": stated.exponent,
        "band": band,
        "stated_lower": stated.band[0],
        "stated_upper": stated.band[1],
        "table": value,
        "refitted": a * alpha**b,
        "stated": law,
        "lower": (1.0 - band) * law,
        "upper": (1.0 + band) * law,
        "implied_a": value / alpha**stated.exponent,
    }
