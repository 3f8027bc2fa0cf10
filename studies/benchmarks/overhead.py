"""What a refinement costs beyond its molecular dynamics: of a run, and of a whole command."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench_base import HERE, Store, shown
from raw_lammps import run_raw

from sopr_uq import load_config
from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Setup
from sopr_uq.executor import cores
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.markdown import markdown_table

RULES = {"newton": "g,pressure", "sopr": "g"}
PARTS = ("simulation", "algebra", "sampling", "figures", "imports", "rest")
_SYSTEM = "argon-85K"
_LENGTHS: dict[str, dict[str, int]] = {
    "smallest": {"engine.particles": 500, "engine.equilibration_steps": 100,
                 "engine.production_steps": 400, "engine.sample_every": 10,
                 "engine.thermalisation_steps": 200, "engine.ramp_steps": 400,
                 "refine.max_iterations": 1, "refine.round_size": 1,
                 "refine.tune": 100, "refine.draws": 50},
    "quick": {"engine.production_steps": 1_500, "engine.equilibration_steps": 500,
              "refine.max_iterations": 2},
    "full": {},
}  # fmt: skip
_REPEATS = {"smallest": 1, "quick": 2, "full": 5}
_SEEDS = {"smallest": 1, "quick": 1, "full": 3}


def measure(store: Store) -> None:
    """Time runs of argon beside raw LAMMPS, then whole commands."""
    size = store.size
    for threads in sorted({1} if size == "smallest" else {1, cores()}):
        store.once(f"run, {threads}", lambda t=threads: beside_raw(t, size))
    for rule in RULES if size != "smallest" else ("newton",):
        for seed in range(1, _SEEDS[size] + 1):
            store.once(f"whole, {rule}, {seed}", lambda r=rule, s=seed: whole(r, s, size))
    store.finish()


def beside_raw(threads: int, size: str) -> dict[str, Any]:
    """Return the seconds of runs that go on from another, and of scripts of the same plan."""
    given = _LENGTHS[size] | {"engine.threads": threads, "engine.name": "lammps"}
    config = load_config(_SYSTEM, given)
    rule = build_rule(config)
    engine, p = build_engine(config, rule), rule.problem
    state = p.liquids[0].state
    before = engine.run(Setup.of(p.first, state, seed=1))
    found: dict[str, Any] = {"threads": threads, "ours": [], "rdf": [], "raw": []}
    for seed in range(2, _REPEATS[size] + 2):
        setup = Setup.of(p.first, state, seed, before.configuration)
        run = engine.run(setup)
        with tempfile.TemporaryDirectory() as scratch:
            plan = make_plan(engine.settings, setup)  # type: ignore[attr-defined]
            found["raw"].append(run_raw(plan, Path(scratch), threads).loop)
        found["ours"].append(run.seconds)
        found["rdf"].append(run.rdf_seconds)
    return found | {"particles": run.particles, "steps": run.steps}


def whole(rule: str, seed: int, size: str) -> dict[str, Any]:
    """Return the seconds of a command from its start to its figures, by part.

    Raises
    ------
    CalledProcessError
        If it could not run at all.
    """
    with tempfile.TemporaryDirectory() as scratch:
        parts, out = Path(scratch, "parts.json"), Path(scratch, "out")
        command = [sys.executable, str(HERE / "whole.py"), str(parts), "refine", _SYSTEM]
        command += ["--rule", rule, "--observe", RULES[rule], "--seed", str(seed)]
        command += ["--engine", "lammps", "--quiet", "--out", str(out)]
        for key, value in _LENGTHS[size].items():
            command += ["--set", f"{key}={value}"]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - started
        found: dict[str, Any] = json.loads(parts.read_text(encoding="utf-8"))
    known = found["parts"]
    known["rest"] = seconds - sum(known.values())
    return found | {"seconds": seconds, "cores": cores()}


def busy(entry: dict[str, Any]) -> float:
    """Return the share of the cores that was simulating while any simulation ran."""
    return float(entry["md_seconds"] / (entry["cores"] * entry["parts"]["simulation"]))


def _of(content: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e for k, e in content["entries"].items() if k.startswith(f"{kind}, ")]


def ratios(content: dict[str, Any]) -> list[float]:
    """Return the seconds of every run of the package in those of the same run of LAMMPS alone."""
    pairs = [zip(e["ours"], e["raw"], strict=True) for e in _of(content, "run")]
    return [ours / raw for each in pairs for ours, raw in each]


def table(content: dict[str, Any]) -> Iterator[str]:
    """Return a row a number of threads, then one a rule."""
    head = ["threads", "run / s", "of it g(r) / s", "raw LAMMPS / s", "run / raw"]
    rows = []
    for e in _of(content, "run"):
        each = [o / r for o, r in zip(e["ours"], e["raw"], strict=True)]
        rows.append([str(e["threads"]), *(shown(e[k]) for k in ("ours", "rdf", "raw")),
                     shown(each, ".2f")])  # fmt: skip
    yield from markdown_table(head, rows)
    yield ""
    head = ["whole command", "simulations", "seconds", *(f"{p} / s" for p in PARTS),
            "cores busy while simulating"]  # fmt: skip
    rows = []
    for rule in RULES:
        found = _of(content, f"whole, {rule}")
        if not found:
            continue
        shares = shown([100.0 * busy(e) for e in found], ".0f")
        parts = [shown([e["parts"].get(p, 0.0) for e in found], ".3g") for p in PARTS]
        counts = [shown([e[k] for e in found], ".0f") for k in ("simulations", "seconds")]
        rows.append([f"{rule}, {RULES[rule]}", *counts, *parts, f"{shares} %"])
    yield from markdown_table(head, rows)
    yield ""
    yield from short(content)


def short(content: dict[str, Any]) -> Iterator[str]:
    """Say what a run and a command cost beyond molecular dynamics."""
    found = _of(content, "run")
    if found:
        n, steps = found[0]["particles"], found[0]["steps"]
        yield (
            f"A run of {steps} steps of {n} particles takes {shown(ratios(content), '.2f')} times "
            "as long as LAMMPS alone."
        )
    for rule in RULES:
        done = _of(content, f"whole, {rule}")
        if done:
            shares = [100.0 * e["parts"]["simulation"] / e["seconds"] for e in done]
            yield (
                f"A refinement of liquid argon by `{rule}` takes "
                f"{shown([e['seconds'] for e in done], '.0f')} s from the command to its figures, "
                f"with {shown([e['simulations'] for e in done], '.0f')} simulations, which are "
                f"{shown(shares, '.0f')} % of that time."
            )
