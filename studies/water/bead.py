"""Water as one site a molecule: a potential of two wells from g_OO and the pressure.

``--refine DIR --data FOLDER`` refines (or goes on), ``--collect DIR --data FOLDER`` stores what the
README says; FOLDER holds the measured curve, named as in ``bead.toml``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
from pathlib import Path

import numpy as np
from scores import asked, refined
from tables import HERE, RESULTS, fill

from sopr_uq.workflow.result import load_result

CONFIG = "bead.toml"

_SEEN = 0.02
"""In kcal/mol: less is the tail near the cut-off."""


def collect(folder: Path) -> None:
    """Store the numbers of a refinement."""
    result = load_result(folder)
    rounds, potential = result["iterations"], result["posterior"]["potential"].squeeze()
    mean = potential.mean(("chain", "draw"))
    inside = mean.sel(r=slice(2.5, None))
    turns = np.flatnonzero(np.diff(np.sign(np.diff(inside.values)))) + 1
    seen = {
        "outcome": result.attrs["outcome"],
        "rounds": int(rounds.sizes["iteration"]),
        "simulations": int(rounds["simulations"].sum()),
        "seconds": float(rounds["seconds"].sum()),
        "misfit": [float(rounds["misfit"][0]), float(rounds["misfit"][-1])],
        "pressure": [
            float(rounds["pressure"][-1].squeeze()), float(rounds["pressure_error"][-1].squeeze())
        ],
        "turns": [
            [float(inside["r"][i]), float(inside[i])] for i in turns if abs(inside[i]) > _SEEN
        ],
        "predicted": float(result["posterior_check"]["predicted"]),
    }  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "bead.json").write_text(json.dumps(seen, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Read the arguments."""
    options = asked(__doc__)
    if options.refine:
        refined(options.refine, options.data, CONFIG)
    if options.collect:
        collect(options.collect)
    fill(HERE / "README.md")


if __name__ == "__main__":
    main()
