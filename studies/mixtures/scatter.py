"""How runs that differ by their seeds alone scatter, beside what each says of its own errors."""

from __future__ import annotations

import numpy as np
import xarray as xr
from plan import AR_KR, WORLDS, engine_of, proposed

from sopr_uq.engine.parallel import run_tasks
from sopr_uq.engine.protocol import Simulation
from sopr_uq.errors import RuleFailed
from sopr_uq.observables.composition_waves import CompositionWaves
from sopr_uq.refine.newton.implied import implied
from sopr_uq.refine.newton.linear import linearise
from sopr_uq.rng import integer_seed
from sopr_uq.workflow.markdown import markdown_table

REPLICAS = 16
TWINS = (1, 2)


def measure() -> xr.Dataset:
    """Simulate truths of twins by molecular dynamics again and again, as a refinement would.

    Returns
    -------
    xarray.Dataset
        ``scatter``, ``blocks`` and ``waves`` (twin, pair): variances of g, averaged over what is
        measured of it; ``time`` and ``sampled`` (twin) in ps.
    """
    each = [_of_twin(number) for number in TWINS]
    return xr.concat(each, dim=xr.DataArray(list(TWINS), dims="twin", name="twin"))


def _of_twin(number: int) -> xr.Dataset:
    for problem, v, _ in proposed("md", number):
        seeds = [integer_seed(1, "scatter", number, i) for i in range(REPLICAS)]
        tasks = [problem.setup(v, 0, seed) for seed in seeds]
        runs = [x for x in run_tasks(engine_of(WORLDS["md"]), tasks) if isinstance(x, Simulation)]
        try:
            models = [linearise(problem, v, [run]) for run in runs]
        except RuleFailed:
            continue
        if len(models) < REPLICAS:
            continue
        waves = CompositionWaves(implied(problem, 0, v, runs[0]).at)
        variances = {
            "scatter": np.var([m.prediction for m in models], axis=0, ddof=1),
            "blocks": np.mean([np.diagonal(m.covariance) for m in models], axis=0),
            "waves": np.mean([np.sum(m.waves**2, axis=0) for m in models], axis=0),
        }
        pairs = [pair.label for pair in AR_KR.pairs]
        return xr.Dataset(
            {n: ("pair", x.reshape(len(pairs), -1).mean(axis=1)) for n, x in variances.items()}
            | {"time": waves.time, "sampled": runs[0].sampled},
            {"pair": pairs},
        )
    raise SystemExit(f"mixtures: no truth of twin {number} is a liquid in every run")


def table(found: xr.Dataset | None) -> list[str]:
    """Return it as a table of standard deviations."""
    rows = []
    for twin in [] if found is None else found["twin"].values:
        one = found.sel(twin=twin)
        for pair in one["pair"].values:
            scatter, blocks, waves = (
                float(one[n].sel(pair=pair)) for n in ("scatter", "blocks", "waves")
            )
            known = blocks + waves
            rows.append(
                (
                    str(twin),
                    str(pair),
                    f"{float(one['time']):.0f} ps of {float(one['sampled']):.0f}",
                    *(f"{np.sqrt(x):.4f}" for x in (scatter, blocks, known)),
                    *(f"{np.sqrt(scatter / x):.1f}" for x in (blocks, known)),
                )
            )
    head = (
        "twin",
        "pair",
        "slowest wave",
        "runs scatter by",
        "blocks say",
        "with waves",
        "too little by blocks alone",
        "with waves",
    )
    return markdown_table(head, rows)
