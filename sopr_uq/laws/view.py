"""Laws as datasets to be drawn: everything a figure shows, computed beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from scipy.stats import gaussian_kde

from sopr_uq.derived.summary import interval
from sopr_uq.experiment.elements import elements, published_laws
from sopr_uq.laws.confront import confront
from sopr_uq.laws.curve import law_curve
from sopr_uq.laws.law import LAWS, QUANTITIES, choose
from sopr_uq.laws.predict import as_target, predict
from sopr_uq.laws.published import BANDS
from sopr_uq.typing import FloatArray

_CURVES = ("mean", "lower", "upper", "element_lower", "element_upper")
_STATED = ("stated", "stated_lower", "stated_upper")
_POINTS = ("value", "value_lower", "value_upper", "force_field", "published")
_GRID = 200
_MARGIN = 1.35


def law_view(
    laws: xr.DataTree,
    quantity: str,
    targets: Sequence[str] = (),
    *,
    law: str | None = None,
    relative: bool = False,
) -> xr.Dataset:
    """Return a law with its bands, the elements it rests on, and those it predicts.

    Parameters
    ----------
    laws : DataTree
        Result of :func:`sopr_uq.laws.fit_laws`.
    quantity : str
        Which quantity.
    targets : sequence of str
        Elements to predict.
    law : str, optional
        By default the quantity's own.
    relative : bool
        Give every number as its deviation from the law's mean, in per cent.

    Returns
    -------
    Dataset
        Over ``polarizability``: the law's ``mean``, ``lower``, ``upper``,
        ``element_lower``, ``element_upper`` (see `law_curve`), the QDO paper's own law
        ``stated`` with ``stated_lower`` and ``stated_upper`` (NaN where it has none).
        Over ``element``: ``alpha``, ``alpha_error``, ``fitted``, ``value`` with
        ``value_lower``, ``value_upper`` (of the ensemble, or predicted), the
        ``force_field`` and ``published`` numbers.
    """
    points = _points(laws, quantity, targets, law)
    alpha = points["alpha"].values
    grid = np.geomspace(alpha.min() / _MARGIN, alpha.max() * _MARGIN, _GRID)
    curve = law_curve(laws, quantity, grid, law=law)
    view = xr.merge([curve, _stated(quantity, grid), points], combine_attrs="override")
    attrs = {"quantity": quantity, "law": choose(quantity, law).name, "units": curve["mean"].units}
    if relative:
        at_points = law_curve(laws, quantity, alpha, law=law)["mean"].values
        columns = {name: _percent(view[name], view["mean"].values) for name in _CURVES + _STATED}
        columns |= {name: _percent(view[name], at_points) for name in _POINTS}
        view, attrs = view.assign(columns), attrs | {"units": "%"}
    return view.assign_attrs(attrs)


def _percent(values: xr.DataArray, middle: FloatArray) -> xr.DataArray:
    return (100.0 * (values / middle - 1.0)).assign_attrs(units="%")


def _points(
    laws: xr.DataTree, quantity: str, targets: Sequence[str], law: str | None
) -> xr.Dataset:
    known = laws["elements"].to_dataset().sel(quantity=quantity)
    names = [str(name) for name in known["element"].values]
    rows = {name: [float(known[k].sel(element=name)) for k in _KNOWN] + [1.0] for name in names}
    source = laws.attrs.get("polarizabilities", "recommended")
    for name in (t for t in targets if t not in rows):
        target = as_target(name, source)
        found = predict(laws, [target], law=law)[name][quantity]
        alpha = [target.polarizability, target.polarizability_error]
        rows[name] = [*alpha, *(float(found[k]) for k in ("mean", "lower", "upper")), 0.0]
    columns = ("alpha", "alpha_error", "value", "value_lower", "value_upper", "fitted")
    data = dict(zip(columns, np.array(list(rows.values())).T, strict=True))
    ds = xr.Dataset({k: ("element", v) for k, v in data.items()}, {"element": list(rows)})
    ds["fitted"] = ds["fitted"].astype(bool)
    for kind in ("force_field", "published"):
        ds[kind] = ("element", [_number(name, kind, quantity) for name in rows])
    return ds


_KNOWN = ("polarizability", "polarizability_error", "mean", "lower", "upper")


def _number(symbol: str, kind: str, quantity: str) -> float:
    """A number of the table of elements, NaN where there is none."""
    row = getattr(elements().get(symbol), kind, None)
    value = getattr(row, quantity, None)
    return float("nan") if value is None else float(value)


def _stated(quantity: str, alpha: FloatArray) -> xr.Dataset:
    """The QDO paper's own law and band; NaN for a quantity without one."""
    stated, half = published_laws().get(quantity), BANDS.get(quantity, np.nan)
    law = stated.prefactor * alpha**stated.exponent if stated else np.full(alpha.size, np.nan)
    columns = dict(zip(_STATED, (law, (1 - half) * law, (1 + half) * law), strict=True))
    return xr.Dataset(
        {k: ("polarizability", v) for k, v in columns.items()}, {"polarizability": alpha}
    )


def exponent_density(laws: xr.DataTree) -> xr.Dataset:
    """Return the posterior density of the free exponent of each size.

    Returns
    -------
    Dataset
        ``density`` over (quantity, b); over quantity ``mean``, ``lower``, ``upper``.
    """
    names = [q for q in QUANTITIES if q in laws.children and len(QUANTITIES[q]) > 1]
    draws = [laws[f"{q}/free"].to_dataset()["b"].values.ravel().astype(float) for q in names]
    centre = [float(d.mean()) for d in draws]
    reach = max(abs(c - 1 / 7) + 5 * float(d.std()) for c, d in zip(centre, draws, strict=True))
    b = np.linspace(1 / 7 - reach, 1 / 7 + reach, 400)
    ends = [interval(d, float(laws.attrs["ci_prob"])) for d in draws]
    columns = {"mean": centre, "lower": [e[0] for e in ends], "upper": [e[1] for e in ends]}
    ds = xr.Dataset({k: ("quantity", np.array(v)) for k, v in columns.items()}, {"quantity": names})
    ds["density"] = (("quantity", "b"), np.array([gaussian_kde(d)(b) for d in draws]))
    return ds.assign_coords(b=b).assign_attrs(ci_kind="eti", ci_prob=laws.attrs["ci_prob"])


def left_out_view(laws: xr.DataTree, quantity: str) -> xr.Dataset:
    """Return what each law predicts for an element from the others, relative to its ensemble.

    Returns
    -------
    Dataset
        Over (law, element): ``mean``, ``lower``, ``upper``, deviations of the
        prediction from the ensemble's mean in per cent, and ``z``. Over element:
        ``ensemble_lower``, ``ensemble_upper``, the same of the ensemble's interval.
    """
    table = laws["leave_one_out"].to_dataset().sel(quantity=quantity)
    known = laws["elements"].to_dataset().sel(quantity=quantity)
    table = table.sel(law=[law.name for law in LAWS.values() if law in QUANTITIES[quantity]])
    relative = {k: 100.0 * (table[k] / known["mean"] - 1.0) for k in ("mean", "lower", "upper")}
    relative |= {
        f"ensemble_{k}": 100.0 * (known[k] / known["mean"] - 1.0) for k in ("lower", "upper")
    }
    ds = xr.Dataset({k: v.assign_attrs(units="%") for k, v in relative.items()})
    return ds.assign(z=table["z"]).assign_attrs(quantity=quantity, **_how(laws))


def pulls(draws: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Return where published numbers and force fields fall in the draws of elements.

    Parameters
    ----------
    draws : mapping of str to Dataset
        By symbol, draws of an ensemble or of a prediction.

    Returns
    -------
    Dataset
        `confront`'s columns over (source, element, quantity), sources being
        ``published`` (the QDO paper) and ``force_field``; NaN where there is no number.
    """
    by_source = []
    for source in ("published", "force_field"):
        rows = [confront(ds, _numbers(symbol, source)) for symbol, ds in draws.items()]
        by_source.append(xr.concat(rows, xr.Variable("element", list(draws)), join="outer"))
    found = xr.concat(by_source, xr.Variable("source", ["published", "force_field"]), join="outer")
    return found.reindex(quantity=[q for q in QUANTITIES if q in found["quantity"]])


def _numbers(symbol: str, source: str) -> dict[str, float]:
    found = {q: _number(symbol, source, q) for q in QUANTITIES}
    return {q: value for q, value in found.items() if np.isfinite(value)}


def _how(laws: xr.DataTree) -> dict[str, object]:
    return {"ci_kind": "eti", "ci_prob": laws.attrs["ci_prob"]}
