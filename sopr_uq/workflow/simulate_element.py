"""An element that laws predict, simulated: its boiling line, with what the laws leave open.

Potentials of one shape scale: that of σ, ε and exponent n at T is, in units of ε and σ, that of
any other σ and ε at the same k_BT/ε. So only the exponent is simulated, at σ and ε of the laws'
median, and every draw of the laws then stretches the line by its own σ and ε, exactly.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.derived.summary import interval
from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.errors import InputError
from sopr_uq.executor import Executor
from sopr_uq.experiment.elements import Element, element
from sopr_uq.experiment.equation_of_state import reference_value
from sopr_uq.experiment.state import StatePoint
from sopr_uq.laws.exponent import exponent_draws
from sopr_uq.laws.predict import as_target, predictive_draws
from sopr_uq.laws.reserve import doubtful_elements, smoothed_elements
from sopr_uq.posterior import store
from sopr_uq.posterior.status import DOUBTFUL
from sopr_uq.potentials import Mie
from sopr_uq.typing import FloatArray
from sopr_uq.units import BOLTZMANN
from sopr_uq.workflow.simulate import DRAWS, simulate
from sopr_uq.workflow.simulate_folder import SIMULATED
from sopr_uq.workflow.simulate_runs import OnSimulationDone
from sopr_uq.workflow.simulated import PROB
from sopr_uq.workflow.simulated_report import BOILING
from sopr_uq.workflow.states import boiling

REDUCED = (0.8, 0.9, 1.0)
"""k_BT/ε of the median potential at which slabs are simulated where nobody says otherwise."""

ATMOSPHERE = 0.101325
_INNER, _OUTER, _SPACING = 0.75, 3.0, 0.02
_MOST = 250
_POWERS = {"vapour-pressure": (1, 3), "vapour-density": (0, 3), "liquid-density": (0, 3),
           "surface-tension": (1, 2)}  # fmt: skip
"""Powers of ε and 1/σ in the unit of each property."""


def predicted_liquid(laws: xr.DataTree, symbol: str) -> xr.DataTree:
    """Return potentials that laws predict for an element, in the form of a refinement's result.

    Of every draw only the exponent differs; ``/scales`` has its own ``sigma`` and ``epsilon``
    over those of the potentials, ``sigma_scale`` and ``epsilon_scale`` (chain, draw).

    Parameters
    ----------
    laws : DataTree
        Result of :func:`sopr_uq.laws.fit_laws`.
    symbol : str
        Of an element in the table.

    Raises
    ------
    InputError
        If the table lacks the element, or the laws say nothing of its size and depth.
    """
    known = element(symbol)
    source = laws.attrs.get("polarizabilities", "recommended")
    found = predictive_draws(laws, as_target(symbol, source))
    missing = {"sigma", "epsilon"} - set(found)
    if missing:
        raise InputError("laws", "laws of sigma and epsilon", f"none of {', '.join(missing)}")
    step = -(-found.sizes["draw"] // _MOST)
    sizes = found[["sigma", "epsilon"]].isel(draw=slice(None, None, step))
    middle = {str(k): float(sizes[k].median()) for k in sizes}
    n = exponent_draws(laws, symbol, tuple(sizes["sigma"].shape))
    r = np.arange(_INNER * middle["sigma"], _OUTER * middle["sigma"], _SPACING)
    rows = [Mie(middle["sigma"], middle["epsilon"], each).energy(r) for each in n.ravel()]
    potential = np.array(rows).reshape(*n.shape, r.size)
    scales = {f"{k}_scale": sizes[k] / middle[k] for k in middle}
    tree = xr.DataTree.from_dict({
        "posterior": xr.Dataset(
            {"potential": (("chain", "draw", "r"), potential, {"units": "kcal/mol"}),
             "exponent": (("chain", "draw"), n)},
            {"chain": sizes["chain"], "draw": sizes["draw"], "r": r},
        ),
        "scales": xr.Dataset(scales),
    })  # fmt: skip
    tree.attrs.update(_certificate(laws, known, middle))
    return tree


def simulate_element(
    laws: xr.DataTree,
    symbol: str,
    temperatures: Sequence[float] = (),
    *,
    draws: int = DRAWS,
    out: Path | str | None = None,
    engine: Mapping[str, Any] | None = None,
    seed: int = 1,
    executor: Executor | None = None,
    on_done: OnSimulationDone = lambda *_: None,
) -> xr.DataTree:
    """Simulate the coexistence of an element that laws predict.

    Parameters
    ----------
    laws : DataTree
        Result of :func:`sopr_uq.laws.fit_laws`.
    symbol : str
        Of the element.
    temperatures : sequence of float
        In K, at which the median potential is simulated; by default where k_BT is 0.8, 0.9 and
        1.0 of its depth.
    draws, out, engine, seed, executor, on_done
        As of :func:`~sopr_uq.workflow.simulate.simulate`.

    Returns
    -------
    DataTree
        As of :func:`~sopr_uq.workflow.simulate.simulate`, of the median σ and ε, with a group
        ``boiling``: see :func:`boiling_line`.

    Raises
    ------
    InputError
        If the laws cannot predict the element, or there are fewer than two temperatures.
    """
    result = predicted_liquid(laws, symbol)
    a = result.attrs
    at = list(temperatures) or [t / REDUCED[0] * float(a["temperature"]) for t in REDUCED]
    if len(set(at)) < 2:
        raise InputError("temperatures", "at least two, for a line", ", ".join(map(str, at)))
    states = [StatePoint(t, float(a["density"]), element(symbol).mass) for t in sorted(set(at))]
    tree = simulate(
        result, states, (COEXISTENCE,),
        draws=draws, out=out, engine=engine, seed=seed, executor=executor, on_done=on_done,
    )  # fmt: skip
    tree[BOILING] = xr.DataTree(boiling_line(tree, result["scales"].to_dataset(), symbol))
    if out is not None:
        store.write(tree, Path(out) / SIMULATED)
    return tree


def boiling_line(tree: xr.DataTree, scales: xr.Dataset, symbol: str) -> xr.Dataset:
    """Return the line of every draw at common temperatures, and where it boils at 1 atm.

    Parameters
    ----------
    tree : DataTree
        Simulated draws at two temperatures or more.
    scales : Dataset
        ``sigma_scale`` and ``epsilon_scale`` of each draw.
    symbol : str

    Returns
    -------
    Dataset
        One variable a property (statistic, temperature), statistic being mean, sd, lower and
        upper; ``*_reference`` where CoolProp knows the element; ``boiling_point`` (statistic)
        in K.
    """
    numbers = tree["properties"].to_dataset()
    size, depth = (scales[k].values.ravel() for k in ("sigma_scale", "epsilon_scale"))
    nominal = numbers["temperature"].values
    own = depth[:, None] * nominal
    columns: dict[str, object] = {}
    for name, (of_depth, of_size) in _POWERS.items():
        values = numbers[name].values.reshape(size.size, -1)
        values = values * (depth**of_depth / size**of_size)[:, None]
        if name.startswith("vapour"):
            line = np.exp(_at(1.0 / own, np.log(values), 1.0 / nominal))
        else:
            line = _at(own, values, nominal)
        columns[name] = (
            ("statistic", "temperature"), _statistics(line), {"units": numbers[name].units}
        )  # fmt: skip
        columns[f"{name}_reference"] = ("temperature", _known(name, symbol, nominal))
        if name == "vapour-pressure":
            boils = 1.0 / _at(np.log(values), 1.0 / own, np.log([ATMOSPHERE]))
            columns["boiling_point"] = ("statistic", _statistics(boils)[:, 0], {"units": "K"})
    return xr.Dataset(
        columns,
        {"statistic": ["mean", "sd", "lower", "upper"], "temperature": nominal},
        attrs={"ci_kind": "eti", "ci_prob": PROB, "element": symbol},
    )


def _at(x: FloatArray, y: FloatArray, wanted: FloatArray) -> FloatArray:
    """Go along the straight pieces of y over x, (d, k) each, also beyond; shape (d, m)."""
    order = np.argsort(x, axis=1)
    x, y = np.take_along_axis(x, order, 1), np.take_along_axis(y, order, 1)
    place = np.sum(x[:, :, None] < wanted, axis=1) - 1
    place = np.clip(place, 0, x.shape[1] - 2)
    left, right = (np.take_along_axis(x, place + i, 1) for i in (0, 1))
    low, high = (np.take_along_axis(y, place + i, 1) for i in (0, 1))
    return np.asarray(low + (high - low) * (wanted - left) / (right - left))


def _statistics(values: FloatArray) -> FloatArray:
    """Mean, sd and the interval of draws, shape (d, m) → (4, m)."""
    lower, upper = interval(values.T, PROB)
    return np.stack([values.mean(axis=0), values.std(axis=0, ddof=1), lower, upper])


def _known(name: str, symbol: str, temperatures: FloatArray) -> FloatArray:
    known = element(symbol)
    if known.fluid is None:
        return np.full(temperatures.shape, np.nan)
    states = [StatePoint(float(t), 0.01, known.mass) for t in temperatures]
    found = [reference_value(name, known.fluid, state) for state in states]
    return np.array([np.nan if value is None else value for value in found])


def _certificate(
    laws: xr.DataTree, known: Element, middle: Mapping[str, float]
) -> dict[Hashable, str | float]:
    """Return what a simulation reads of a refinement's result."""
    temperature = REDUCED[0] * middle["epsilon"] / BOLTZMANN
    typical = Mie(middle["sigma"], middle["epsilon"])
    liquid = boiling(typical, StatePoint(temperature, 1.0 / middle["sigma"] ** 3, known.mass))
    settings = {"system": {"mass": known.mass}, "engine": {"name": "lammps"}}
    return {
        "system": known.name, "rule": "laws", "temperature": temperature,
        "density": liquid.density, "settings": json.dumps(settings),
        "band": "smoothing" if smoothed_elements(laws) else "posterior",
        "outcome": DOUBTFUL if doubtful_elements(laws) else "converged",
        store.FINGERPRINT: f"{laws.attrs.get(store.FINGERPRINT, '')} {known.symbol}",
    }  # fmt: skip
