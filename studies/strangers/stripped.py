"""What ships, stripped to two columns and refined as a stranger's, beside the shipped system."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tomli_w
import xarray as xr

from sopr_uq import load_config, resume, run
from sopr_uq.experiment import load_system, systems
from sopr_uq.posterior.store import read
from sopr_uq.workflow.run import CONFIG

QUANTITIES = ("sigma", "epsilon", "r_vdw", "d_hp")


def compare(runs: Path) -> None:
    """Refine every shipped curve twice, alone: as it ships, and stripped; skip what is there."""
    runs.mkdir(parents=True, exist_ok=True)
    for system in systems():
        for curve in system.curves:
            name = f"{system.name}-{curve.kind}"
            own = _write(system.name, curve.kind, runs)
            for source, kind in ((system.name, "shipped"), (str(own), "stripped")):
                folder = runs / f"{name}-{kind}"
                if not (folder / "result.nc").is_file():
                    config = load_config(source, ["seed=1"], observe=curve.kind)
                    begun = (folder / CONFIG).is_file()
                    result = resume(folder) if begun else run(config, folder)
                    print(f"{folder.name}: {result.attrs['outcome']}", flush=True)


def _write(system: str, kind: str, runs: Path) -> Path:
    """Write two columns and the least of a configuration; return its path."""
    liquid, config = load_system(system), load_config(system)
    curve = next(o for o in liquid.observations if o.kind == kind)
    data, file = runs / f"{system}-{kind}.dat", runs / f"{system}-{kind}.toml"
    np.savetxt(data, np.stack([curve.x, curve.value], axis=1), fmt="%.8g")
    state = config.system.model_dump(include={"name", "temperature", "density", "mass"})
    prior = {"sigma": config.prior.sigma, "epsilon": config.prior.epsilon}
    tables = {"system": state, "reference": prior, "observe": [{"kind": kind, "file": data.name}]}
    file.write_text(tomli_w.dumps(tables), encoding="utf-8")
    return file


def compared(runs: Path) -> xr.Dataset | None:
    """Return mean and sd (curve, kind, quantity) of all that is there twice; None for nothing."""
    found, names = [], []
    for system in systems():
        for curve in system.curves:
            name = f"{system.name}-{curve.kind}"
            files = [runs / f"{name}-{k}" / "result.nc" for k in ("shipped", "stripped")]
            if all(file.is_file() for file in files):
                draws = [read(file)["derived"].to_dataset() for file in files]
                found.append([[_two(d[q]) for q in QUANTITIES] for d in draws])
                names.append(name)
    if not names:
        return None
    dims, values = ("curve", "kind", "quantity"), np.array(found)
    return xr.Dataset(
        {"mean": (dims, values[..., 0]), "sd": (dims, values[..., 1])},
        coords={"curve": names, "kind": ["shipped", "stripped"], "quantity": list(QUANTITIES)},
    )


def _two(draws: xr.DataArray) -> tuple[float, float]:
    return float(draws.mean()), float(draws.std())
