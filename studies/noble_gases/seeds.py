"""Is an answer that of its seed? Six refinements, five times each, and what the clock says of them.

    python studies/noble_gases/seeds.py --refine DIR    # about a minute and a half each
    python studies/noble_gases/seeds.py --collect DIR   # store them, fill the README

Each is the command `sopr-uq refine`, timed from its start to its figures; what is there is not made
again. Time them on an idle machine.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter
from types import MappingProxyType

import numpy as np
import xarray as xr
from plan import HERE

from sopr_uq.derived.summary import concise
from sopr_uq.posterior.cost import cost
from sopr_uq.posterior.status import outcome
from sopr_uq.posterior.store import read, write
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.report import LABELS
from sopr_uq.workflow.run import CONFIG, RESULT

STORED = HERE / "results" / "seeds.nc"
SEEDS = (1, 2, 3, 4, 5)
_CONFIGS = HERE / "configs"

CASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "neon, g and P": (str(_CONFIGS / "neon.toml"), "g,pressure"),
        "argon, g and P": (str(_CONFIGS / "argon.toml"), "g,pressure"),
        "krypton, g and P": (str(_CONFIGS / "krypton.toml"), "g,pressure"),
        "xenon, g and P": (str(_CONFIGS / "xenon.toml"), "g,pressure"),
        "argon, S and P": ("argon-85K", "s,pressure"),
        "argon, g alone": (str(_CONFIGS / "argon.toml"), "g"),
    }
)
"""What is refined: a system, and what of it is used."""

QUANTITIES = ("sigma", "epsilon", "r_vdw", "d_hp")
_CHECKS = ("predicted", "left_out", "k_hat", "passed")


def refine(runs: Path) -> None:
    """Refine every case with every seed; go on where this was stopped."""
    for seed in SEEDS:
        for case, (system, observe) in CASES.items():
            folder = _folder(runs, case, seed)
            if (folder / RESULT).is_file():
                continue
            begun = (folder / CONFIG).is_file()
            what = ["refine", system, "--rule", "newton", "--observe", observe, "--seed", str(seed)]
            words = ["resume", str(folder)] if begun else [*what, "--out", str(folder)]
            start = perf_counter()
            command = [sys.executable, "-m", "sopr_uq", *words, "--quiet"]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            seconds = np.nan if begun else perf_counter() - start
            if (folder / RESULT).is_file():
                (folder / "seconds").write_text(f"{seconds:.1f}\n", encoding="utf-8")
            print(f"{folder.name}: exit code {done.returncode}, {seconds:.0f} s", flush=True)
            if not (folder / RESULT).is_file():
                print(done.stderr, flush=True)


def _folder(runs: Path, case: str, seed: int) -> Path:
    return runs / f"{case.replace(', ', '-').replace(' ', '-')}-{seed}"


def collect(runs: Path) -> None:
    """Keep what every refinement came to."""
    begun = {
        (case, seed): folder
        for case in CASES
        for seed in SEEDS
        if ((folder := _folder(runs, case, seed)) / CONFIG).is_file()
    }
    made = {key: folder for key, folder in begun.items() if (folder / RESULT).is_file()}
    if not made:
        raise SystemExit(f"seeds.py: no result in {runs}; begin with --refine")
    rows = [_row(case, seed, folder) for (case, seed), folder in made.items()]
    stored = xr.concat(rows, "run", combine_attrs="drop_conflicts")
    stored.attrs["without_result"] = len(begun) - len(made)
    write(xr.DataTree(stored), STORED)


def _row(case: str, seed: int, folder: Path) -> xr.Dataset:
    result = read(folder / RESULT)
    check, draws, paid = result["posterior_check"], result["derived"], cost(result)
    clock = folder / "seconds"
    numbers = {
        "seed": seed,
        "rounds": paid.rounds,
        "simulations": paid.simulations,
        "loop_seconds": paid.seconds,
        "md_seconds": paid.md_seconds,
        "seconds": float(clock.read_text()) if clock.is_file() else np.nan,
        **{name: float(check[name]) for name in _CHECKS},
    }
    moments = {
        "mean": ("quantity", [float(draws[q].mean()) for q in QUANTITIES]),
        "sd": ("quantity", [float(draws[q].std()) for q in QUANTITIES]),
    }
    texts = {"case": case, "outcome": outcome(result)}
    return xr.Dataset(
        {**numbers, **moments, **texts},
        coords={"quantity": list(QUANTITIES)},
        attrs={"versions": result.attrs["versions"]},
    )


def table(stored: xr.Dataset) -> Iterator[str]:
    """Yield what the seeds of every case gave, and whether it is what was asked for."""
    rows = []
    for case in CASES:
        runs = stored.isel(run=stored["case"].values == case)
        if runs.sizes["run"]:
            rows.append([case, *_cells(runs)])
    head = ("", "seeds", "passed check", "largest k̂", "rounds", "simulations", "s", *_names())
    yield from markdown_table(head, rows)
    liquids = stored.isel(run=[name.endswith("g and P") for name in stored["case"].values.tolist()])
    good = (liquids["passed"] > 0) & (liquids["k_hat"] <= 0.7)
    yield ""
    yield (
        f"Of {liquids.sizes['run']} refinements of g(r) and pressure {int(good.sum())} passed "
        f"their check with k̂ of at most 0.7. From the command to its figures they took "
        f"{float(liquids['seconds'].median()):.0f} s in the median. Begun and without a result: "
        f"{stored.attrs['without_result']}."
    )


def _cells(runs: xr.Dataset) -> list[str]:
    return [
        str(runs.sizes["run"]),
        str(int(runs["passed"].sum())),
        f"{float(runs['k_hat'].max()):.2f}",
        _range(runs["rounds"].values),
        _range(runs["simulations"].values),
        _range(runs["seconds"].values),
        *(_spread(runs.sel(quantity=q)) for q in QUANTITIES),
    ]


def _names() -> list[str]:
    return [LABELS[q] for q in QUANTITIES]


def _range(values: np.ndarray) -> str:
    low, middle, high = (f"{x:.0f}" for x in np.nanquantile(values, [0.0, 0.5, 1.0]))
    return middle if low == high else f"{middle} ({low}–{high})"


def _spread(runs: xr.Dataset) -> str:
    """The mean in the middle with the usual sd, and how far the seeds are from each other."""
    mean, sd = runs["mean"].values, float(runs["sd"].median())
    apart = f"{float(np.std(mean, ddof=1)) / sd:.1f}" if mean.size > 1 else "–"
    return f"{concise(float(np.median(mean)), sd)}, {apart}"


def fill(readme: Path) -> None:
    """Fill the README's place from what is stored."""
    if STORED.is_file():
        text = readme.read_text(encoding="utf-8")
        text = filled(text, {"seeds": table(read(STORED).to_dataset())})
        readme.write_text(text, encoding="utf-8")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--refine", type=Path, metavar="DIR")
    parser.add_argument("--collect", type=Path, metavar="DIR")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if options.refine:
        refine(options.refine)
    if options.collect:
        collect(options.collect)
        fill(HERE / "README.md")


if __name__ == "__main__":
    main()
