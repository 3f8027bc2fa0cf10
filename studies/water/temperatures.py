"""One correction of SPC/E for four temperatures, and each of them predicted from the others.

``--refine DIR --data FOLDER`` refines (or goes on) from the four contrasts of every temperature at
once, ``--collect DIR --data FOLDER`` stores what the table needs; with ``--predict`` it learns
from all simulations again with one temperature's curves left out at a time, and predicts them. All
else is said as in ``room.toml``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w
from scores import asked, models_of, scored, states_of
from tables import HERE, RESULTS, fill

from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.newton.answer import learn
from sopr_uq.refine.newton.evidence import correction_evidence
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.refine.newton.linear import linearise
from sopr_uq.refine.newton.rule import Newton
from sopr_uq.refine.newton.state_evidence import state_evidence
from sopr_uq.refine.round import good
from sopr_uq.workflow.build import build_rule
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.run import ITERATIONS, resume, run

DENSITIES = {280: 0.033425, 295: 0.033355, 313: 0.033170, 343: 0.032688}
"""Molecules per Å³ at each temperature in K, at atmospheric pressure (CoolProp)."""


def settings(temperatures: Sequence[int]) -> dict[str, Any]:
    """Return the configuration of some temperatures, from that of 295 K."""
    base = tomllib.loads((HERE / "room.toml").read_text(encoding="utf-8"))
    first, *others = temperatures
    base["system"] |= {"temperature": float(first), "density": DENSITIES[first]}
    observe = base["observe"]
    base["observe"] = _at(observe, first)
    base["state"] = [
        {"temperature": float(t), "density": DENSITIES[t], "observe": _at(observe, t)}
        for t in others
    ]
    return base


def _at(observe: Sequence[dict[str, Any]], temperature: int) -> list[dict[str, Any]]:
    found = []
    for each in observe:
        if "file" not in each:
            found.append(dict(each))
            continue
        file = each["file"].replace("295K", f"{temperature}K")
        found.append(each | {"file": file, "name": f"{each['name']} {temperature} K"})
    return found


def config_of(folder: Path, temperatures: Sequence[int], data: Path) -> Path:
    """Write a configuration beside the curves it names; return its path."""
    place = folder.with_suffix(".d")
    place.mkdir(parents=True, exist_ok=True)
    for file in sorted(data.glob("water_*K_*_fq.csv")):
        shutil.copy(file, place / file.name)
    path = place / f"{'-'.join(map(str, temperatures))}.toml"
    path.write_text(tomli_w.dumps(settings(temperatures)), encoding="utf-8")
    return path


def refine(folder: Path, data: Path) -> None:
    """Refine, or go on."""
    if folder.exists():
        resume(folder)
    else:
        run(load_config(config_of(folder, list(DENSITIES), data)), folder)


def left_out(folder: Path, temperature: int, data: Path) -> Fit:
    """Return the posterior without one temperature's curves, from the same simulations."""
    kept = [t for t in DENSITIES if t != temperature]
    places = [list(DENSITIES).index(t) for t in kept]
    rule = build_rule(load_config(config_of(folder, kept, data)))
    assert isinstance(rule, Newton)
    models = [
        linearise(rule.problem, run.potential, tuple(run.simulations[s] for s in places))
        for each in Folder(folder / ITERATIONS).load()
        for run in good(each.runs)
    ]
    return learn(rule.conditioner, models).fit


def collect(folder: Path, data: Path, predict: bool) -> None:
    """Store how every temperature is met, without a correction, with it, and by the others'.

    It reads the rounds alone, so that it need not wait for the sampling of sixteen curves' noise.
    """
    rule = build_rule(load_config(config_of(folder, list(DENSITIES), data)))
    assert isinstance(rule, Newton)
    rounds, models = Folder(folder / ITERATIONS).load(), models_of(rule, folder)
    answer, start = rule.answer(states_of(folder)), models[0][0]
    seen = {"start": start, "together": models[-1][0]}
    by_others = {}
    for t in DENSITIES if predict else ():
        by_others[t] = answer.emulator.linear(left_out(folder, t, data).mean)
    curves = {}
    for number, name in enumerate(rule.conditioner.stacked.names):
        t = int(name.split()[1])
        mine = seen | ({"others": by_others[t]} if t in by_others else {})
        curves[name] = {k: scored(rule, answer.fit, m, number) for k, m in mine.items()}
    last = rounds[-1].info
    of_states = state_evidence(rule.problem, answer.fit, answer.linear.jacobian)
    found = {
        "curves": curves,
        "ended": "converged" if last.converged else last.doubt or "not converged",
        "rounds": len(models),
        "simulations": sum(map(len, models)) * len(DENSITIES),
        "seconds": sum(each.seconds for each in rounds),
        "predicted": float(last.values["predicted"]),
        "change": last.change,
        "moved": float(last.values["moved"]),
        "pressures": models[-1][0].pressure.tolist(),
        "evidence": float(
            correction_evidence(answer.fit, answer.linear.jacobian)["log_bayes_factor"]
        ),
        "states": float(of_states["log_bayes_factor"]),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "temperatures.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Read the arguments."""
    options = asked(__doc__, "predict", "with --collect: each temperature by the others")
    if options.refine:
        refine(options.refine, options.data)
    if options.collect:
        collect(options.collect, options.data, options.predict)
    fill(HERE / "README.md")


if __name__ == "__main__":
    main()
