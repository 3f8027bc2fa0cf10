"""Simulated draws as one labelled tree: every draw's properties, and how sure they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.derived.carried import Carried, carry
from sopr_uq.derived.summary import interval
from sopr_uq.errors import InputError
from sopr_uq.experiment.equation_of_state import reference_value
from sopr_uq.observables.property import Property
from sopr_uq.observables.simulated_liquid import Reading, SimulatedLiquid
from sopr_uq.posterior import store
from sopr_uq.posterior.status import kind_of_band, outcome
from sopr_uq.provenance import now, versions
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray, IntArray
from sopr_uq.workflow.beforehand import Expected, expected, has_theory, tails
from sopr_uq.workflow.order import Order
from sopr_uq.workflow.simulate_folder import SIMULATED
from sopr_uq.workflow.simulate_runs import Runs
from sopr_uq.workflow.simulated_parts import gathered, state_labels
from sopr_uq.workflow.without import WITHOUT, without_correction

KIND_OF_SIMULATED = "simulated"
MOST_CURVES = 200
"""Draws of which a curve is stored; numbers are stored of all."""

PROB = 0.95
_STATISTICS = ("mean", "sd", "posterior_sd", "sampling_sd", "common_sd", "lower", "upper")


@dataclass(frozen=True)
class _At:
    """A property at a state: what the runs say, and what it means for all draws."""

    reading: Reading
    carried: Carried
    good: IntArray
    expected: FloatArray | None
    """Of every draw by theory, shape (d,); None where that tells nothing."""


def assembled(
    order: Order,
    runs: Runs,
    without: Sequence[Mapping[int, SimulatedLiquid]] = (),
) -> xr.DataTree:
    """Return the result of simulated draws.

    Parameters
    ----------
    order : Order
    runs : mapping of bool to sequence of mapping
        Of liquids alone, and of slabs; by state, each draw's.
    without : sequence of mapping
        By state, those without the correction.

    Returns
    -------
    DataTree
        What every pair or molecule of a mixture has is (…, state, pair, …) or
        (…, state, molecule, …). ``/properties``: a number for every (chain, draw, state), its
        spread the whole uncertainty. ``/curves``: g(r), S(Q) and others for some draws.
        ``/runs``: what was simulated (run, state), its sampling error, how far the other runs
        miss it, and what theory expected of it.
        ``/summary`` (property, state): mean, standard deviations of posterior, sampling
        (regression and noise) and of what all runs share, interval, and CoolProp's value.
        ``/without`` (state) of a correction: the mean of each property without it, and its
        standard error.
    """
    chosen = order.chosen
    potential = order.result["posterior"].to_dataset()["potential"]
    shape = (potential.sizes["chain"], potential.sizes["draw"])
    places = {"chain": potential["chain"].values, "draw": potential["draw"].values}
    labels = state_labels(order.states)
    theory = [expected(order, each) for each in runs.get(False, ())]
    found = {
        p.title: [
            _carried(order, p, s, each, None if p.slab else theory[s])
            for s, each in enumerate(runs[p.slab])
        ]
        for p in order.told
    }
    numbers = {p.title: found[p.title] for p in order.told if p.axis is None}
    groups = {
        "properties": xr.Dataset(
            {
                name: (("chain", "draw", "state"), _stacked(each).reshape(*shape, -1))
                for name, each in numbers.items()
            },
            places | labels,
        ),
        "runs": _of_runs(order, runs, numbers, chosen, places),
    }
    if numbers:
        groups["summary"] = _summary(order, numbers)
    if order.controls:
        groups[WITHOUT] = without_correction(order, without)
    curves = {p.title: found[p.title] for p in order.told if p.axis is not None}
    if curves:
        groups["curves"] = _curves(order, curves, places)
    groups = {name: gathered(group, order.told) for name, group in groups.items()}
    for p in order.properties:
        for group in groups.values():
            if p.name in group:
                group[p.name].attrs["units"] = _unit(order, p)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs.update(_certificate(order, runs))
    return tree


def _unit(order: Order, which: Property) -> str:
    """Return the unit of a property; of totals with several of them, each with its name."""
    parts = [p for p in order.told if p.name == which.name]
    units = {p.unit for p in parts}
    return units.pop() if len(units) == 1 else ", ".join(f"{p.of}: {p.unit}" for p in parts)


def load_simulated(path: Path | str) -> xr.DataTree:
    """Read simulated draws from their folder or file.

    Raises
    ------
    InputError
        If there are none, or the file holds something else.
    """
    path = Path(path)
    file = path / SIMULATED if path.is_dir() else path
    tree = store.read(file)
    if tree.attrs.get("kind") != KIND_OF_SIMULATED:
        found = f"a file of kind {tree.attrs.get('kind', 'refinement')!r}"
        raise InputError(str(path), "simulated draws", found)
    return tree


def _carried(
    order: Order,
    which: Property,
    number: int,
    runs: Mapping[int, SimulatedLiquid],
    theory: Expected | None,
) -> _At:
    state = order.at(order.states[number], slab=which.slab)
    known = None if theory is None else theory.values.get(which.name)
    if theory is not None and known is not None:
        runs = theory.good
    good = np.array(sorted(runs))
    reading = which.tell([runs[i] for i in good])
    carried = carry(
        which,
        reading,
        order.directions(state),
        order.chosen[good],
        stream(order.seed, "regression", which.title, number),
        known=tails(order, which, state) if known is None else known,
        wanted=_thinned(order) if which.axis else None,
    )
    if which.not_negative:
        carried = replace(carried, draws=np.maximum(carried.draws, 0.0))
    return _At(reading, carried, good, known)


def _thinned(order: Order) -> IntArray:
    """Return the draws of which curves are stored, the same of every chain."""
    sizes = order.result["posterior"].to_dataset()["potential"].sizes
    every = np.arange(sizes["chain"] * sizes["draw"]).reshape(sizes["chain"], sizes["draw"])
    step = -(-every.size // MOST_CURVES)
    return np.asarray(every[:, ::step].ravel())


def _stacked(each: Sequence[_At]) -> FloatArray:
    return np.stack([at.carried.draws[:, 0] for at in each], axis=-1)


def _of_runs(
    order: Order,
    runs: Runs,
    numbers: Mapping[str, Sequence[_At]],
    chosen: IntArray,
    places: Mapping[str, FloatArray],
) -> xr.Dataset:
    chain, draw = np.divmod(chosen, len(places["draw"]))
    columns: dict[str, object] = {
        "slab_seconds" if slab else "seconds": (("run", "state"), _by_run(order, [
            {i: run.simulation.seconds for i, run in each.items()} for each in kind
        ]), {"units": "s"})
        for slab, kind in runs.items()
    }  # fmt: skip
    for name, each in numbers.items():
        values = [dict(zip(at.good.tolist(), at.reading.values[:, 0], strict=True)) for at in each]
        left = [dict(zip(at.good.tolist(), at.carried.left_out[:, 0], strict=True)) for at in each]
        noise = np.array([np.sqrt(at.reading.noise[0]) for at in each])
        columns[name] = (("run", "state"), _by_run(order, values))
        columns[f"{name}_error"] = ("state", noise)
        columns[f"{name}_left_out"] = (("run", "state"), _by_run(order, left))
        if any(at.expected is not None for at in each):
            columns[f"{name}_expected"] = (("run", "state"), _expected(each, chosen))
        if each[0].reading.window is not None:
            ends = np.array([at.reading.window for at in each])
            columns[f"{name}_window"] = (("state", "bound"), ends, {"units": "ps"})
    whose = {
        "chain_of_run": ("run", places["chain"][chain]),
        "draw_of_run": ("run", places["draw"][draw]),
    }
    return xr.Dataset(columns, whose | state_labels(order.states))


def _expected(each: Sequence[_At], chosen: IntArray) -> FloatArray:
    unknown = np.full(chosen.size, np.nan)
    columns = [unknown if at.expected is None else at.expected[chosen] for at in each]
    return np.stack(columns, axis=1)


def _by_run(order: Order, found: Sequence[Mapping[int, float]]) -> FloatArray:
    table = np.full((order.draws, len(found)), np.nan)
    for s, each in enumerate(found):
        for i, value in each.items():
            table[i, s] = value
    return table


def _summary(order: Order, numbers: Mapping[str, Sequence[_At]]) -> xr.Dataset:
    shape = (len(numbers), len(order.states))
    columns = {name: np.full(shape, np.nan) for name in (*_STATISTICS, "left_out", "reference")}
    for place, (name, each) in enumerate(numbers.items()):
        for s, at in enumerate(each):
            for column, value in _row(at.carried).items():
                columns[column][place, s] = value
            if order.fluid is not None and not order.states[s].composition:
                known = reference_value(name, order.fluid, order.states[s])
                columns["reference"][place, s] = np.nan if known is None else known
    units = [p.unit for p in order.told if p.title in numbers]
    coords = {"property": list(numbers), "unit": ("property", units)}
    return xr.Dataset(
        {name: (("property", "state"), column) for name, column in columns.items()},
        coords | state_labels(order.states),
        attrs={"ci_kind": "eti", "ci_prob": PROB},
    )


def _row(found: Carried) -> dict[str, float]:
    """Mean, deviations and interval of a number, and how well the others predict each run."""
    lower, upper = interval(found.draws.T, PROB)
    return {
        "mean": float(found.draws.mean()),
        "sd": float(found.draws.std(ddof=1)),
        "posterior_sd": float(found.mean.std(ddof=1)),
        "sampling_sd": float(found.sampling[0]),
        "common_sd": float(found.common[0]),
        "lower": float(lower[0]),
        "upper": float(upper[0]),
        "left_out": float(np.mean(found.left_out[:, 0] ** 2)),
    }


def _curves(
    order: Order, curves: Mapping[str, Sequence[_At]], places: Mapping[str, FloatArray]
) -> xr.Dataset:
    chains = len(places["chain"])
    draws = places["draw"][:: -(-chains * len(places["draw"]) // MOST_CURVES)]
    data: dict[str, object] = {}
    coords: dict[str, object] = {"chain": places["chain"], "draw": draws}
    for name, each in curves.items():
        # a denser state has a smaller box
        size = min(at.reading.x.size for at in each)
        values = np.stack([at.carried.draws[:, :size] for at in each], axis=1)
        which = next(p for p in order.told if p.title == name)
        assert which.axis is not None
        axis = which.dim
        data[name] = (
            ("chain", "draw", "state", axis),
            values.reshape(chains, len(draws), len(each), size),
        )
        coords[axis] = (axis, each[0].reading.x[:size], {"units": which.axis.unit})
        sampling = np.stack([at.carried.sampling[:size] for at in each])
        data[f"{name}_sampling_sd"] = (("state", axis), sampling)
    return xr.Dataset(data, coords | state_labels(order.states))


def _certificate(order: Order, runs: Runs) -> dict[str, str | int | float]:
    a = order.result.attrs
    settings = order.settings
    every = [each for kind in runs.values() for each in kind]
    first = next(iter(every[0].values())).simulation
    return {
        "kind": KIND_OF_SIMULATED,
        "system": str(a["system"]),
        "rule": str(a["rule"]),
        "band": kind_of_band(order.result),
        "outcome": outcome(order.result),
        "of": str(a.get(store.FINGERPRINT, "")),
        "fluid": order.fluid or "",
        "theory": int(has_theory(order)),
        "draws": order.draws,
        "failed": order.draws * len(every) - sum(len(each) for each in every),
        "seed": order.seed,
        "engine": first.engine,
        "settings": "{}" if settings is None else settings.model_dump_json(exclude_none=True),
        "created": now(),
        "versions": json.dumps(versions()),
    }
