"""Rounds on disk: one file each, written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from sopr_uq.disk import clear_leftovers, unused, write_atomic
from sopr_uq.engine.protocol import Configuration, Simulation, named
from sopr_uq.engine.series import Series
from sopr_uq.errors import CheckpointError
from sopr_uq.refine.journal import Iteration
from sopr_uq.refine.round import Run
from sopr_uq.refine.rule import RuleState, StepInfo
from sopr_uq.typing import FloatArray

_MAGIC = b"sopr_uq iteration 5\n"
_SCALARS = [f.name for f in fields(Simulation) if f.name not in ("series", "configuration")]
_ARRAYS = ["x", "mean", "blocks"]
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile)
_INFO = ["misfit", "noise", "change", "converged", "doubt", "of"]


@dataclass(frozen=True)
class Folder:
    """A journal in a folder, one file ``0000.iteration`` and so on a round.

    The simulations of a round that is not complete are files ``0000-0.simulation``
    and so on, removed when it is. Each file is a header with the SHA-256 of what
    follows, then NumPy's npz without pickled objects. It is written under a
    temporary name, synced and renamed, so a name that exists belongs to a whole file.

    Parameters
    ----------
    path : Path
        The folder; made when needed.
    """

    path: Path

    def load(self) -> Sequence[Iteration]:
        """Return the iterations in order, up to the first that is missing or damaged.

        A damaged file and all that follow it are set aside with the suffix
        ``.damaged``, and named by a warning. What a killed process was writing
        is removed.
        """
        clear_leftovers(self.path)
        iterations: list[Iteration] = []
        for file in sorted(self.path.glob("*.iteration")):
            try:
                iterations.append(self._read(len(iterations), file))
            except CheckpointError as error:
                self._set_aside(len(iterations), file, error)
                break
        return iterations

    def append(self, iteration: Iteration) -> None:
        """Write the next file and sync it to disk."""
        number = iteration.state.iteration - 1
        self.path.mkdir(parents=True, exist_ok=True)
        write_atomic(self._file(number), encode(iteration))
        for part in self.path.glob("*.simulation"):
            part.unlink()

    def kept(self, iteration: int, number: int, potential: FloatArray) -> Simulation | None:
        """Return a simulation of an unfinished round, if it is there, whole, of this potential."""
        file = self._part(iteration, number)
        if not file.is_file():
            return None
        try:
            arrays = _arrays(_body(file.read_bytes()))
            scalars = json.loads(arrays.pop("header").tobytes())
            if not np.array_equal(arrays.pop("potential"), potential):
                return None
            return _decode_simulation(scalars, arrays)
        except (CheckpointError, *_MALFORMED) as error:
            warnings.warn(f"{file}: {error} It is simulated again.", stacklevel=2)
            return None

    def keep(
        self, iteration: int, number: int, potential: FloatArray, simulation: Simulation
    ) -> None:
        """Write one simulation of an unfinished round and sync it to disk."""
        self.path.mkdir(parents=True, exist_ok=True)
        scalars, arrays = _encode_simulation(simulation)
        content = _content(scalars, {"potential": potential, **arrays})
        write_atomic(self._part(iteration, number), content)

    def _part(self, iteration: int, number: int) -> Path:
        return self.path / f"{iteration:04d}-{number}.simulation"

    def _file(self, number: int) -> Path:
        return self.path / f"{number:04d}.iteration"

    def _read(self, number: int, file: Path) -> Iteration:
        if file != self._file(number):
            raise CheckpointError(f"{self._file(number).name} before it is missing.")
        iteration = decode(file.read_bytes())
        if iteration.state.iteration != number + 1:
            raise CheckpointError(f"holds iteration {iteration.state.iteration - 1} instead.")
        return iteration

    def _set_aside(self, number: int, first: Path, error: CheckpointError) -> None:
        for file in sorted(self.path.glob("*.iteration")):
            if file.name >= first.name:
                file.replace(unused(file.with_suffix(".damaged")))
        warnings.warn(
            f"{first}: {error} Going on from iteration {number}; "
            "the damaged file was kept with the suffix .damaged.",
            stacklevel=3,
        )


def encode(iteration: Iteration) -> bytes:
    """Return the bytes of one iteration.

    Raises
    ------
    CheckpointError
        If one of its arrays holds Python objects, which only pickle could keep.
    """
    state, info = iteration.state, iteration.info
    arrays: dict[str, FloatArray] = {"proposals": state.proposals}
    arrays |= {f"state/{k}": v for k, v in state.memory.items()}
    arrays |= {f"info/{k}": np.asarray(v) for k, v in info.values.items()}
    header: dict[str, Any] = {
        "iteration": state.iteration,
        "seconds": iteration.seconds,
        "abandoned": iteration.abandoned,
        "info": {name: getattr(info, name) for name in _INFO},
        "runs": [],
    }
    for i, run in enumerate(iteration.runs):
        arrays[f"run{i}/potential"] = run.potential
        kept = [_encode_simulation(simulation) for simulation in run.simulations]
        header["runs"].append(
            {"message": run.message, "simulations": [scalars for scalars, _ in kept]}
        )
        for j, (_, more) in enumerate(kept):
            arrays |= {f"run{i}/simulation{j}/{k}": v for k, v in more.items()}
    return _content(header, arrays)


def _content(header: dict[str, Any], arrays: dict[str, FloatArray]) -> bytes:
    """Return the bytes of a file: magic, checksum, arrays."""
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise CheckpointError(f"{name} holds Python objects; only numbers and texts are kept.")
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(buffer, **{"header": text, **arrays})  # type: ignore[arg-type]
    body = buffer.getvalue()
    return _MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _encode_simulation(simulation: Simulation) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    scalars = {name: getattr(simulation, name) for name in _SCALARS}
    scalars["series"] = [(s.name, s.unit) for s in simulation.series.values()]
    arrays = {
        f"{name}/{key}": getattr(s, key) for name, s in simulation.series.items() for key in _ARRAYS
    }
    if simulation.configuration is not None:
        c = simulation.configuration
        scalars["box_length"] = c.box_length
        arrays |= {"positions": c.positions, "velocities": c.velocities}
    return scalars, arrays


def decode(content: bytes) -> Iteration:
    """Return the iteration of some bytes.

    Raises
    ------
    CheckpointError
        If they are not what :func:`encode` wrote.
    """
    try:
        return _decode_body(_body(content))
    except _MALFORMED as error:
        raise CheckpointError(f"not an iteration: {type(error).__name__}: {error}.") from None


def _body(content: bytes) -> bytes:
    """Return what follows magic and checksum, when both are right."""
    head, _, rest = content.partition(b"\n")
    digest, _, body = rest.partition(b"\n")
    if head + b"\n" != _MAGIC:
        raise CheckpointError("not an iteration of this version of sopr_uq.")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise CheckpointError("truncated or altered: its checksum does not match.")
    return body


def _decode_body(body: bytes) -> Iteration:
    arrays = _arrays(body)
    header = json.loads(arrays.pop("header").tobytes())
    return Iteration(
        runs=tuple(
            _decode_run(each, _under(arrays, f"run{i}/")) for i, each in enumerate(header["runs"])
        ),
        state=RuleState(header["iteration"], arrays["proposals"], _under(arrays, "state/")),
        info=StepInfo(**header["info"], values=_under(arrays, "info/")),
        seconds=header["seconds"],
        abandoned=header["abandoned"],
    )


def _decode_run(header: dict[str, Any], arrays: dict[str, FloatArray]) -> Run:
    simulations = tuple(
        _decode_simulation(scalars, _under(arrays, f"simulation{j}/"))
        for j, scalars in enumerate(header["simulations"])
    )
    return Run(arrays["potential"], simulations, header["message"])


def _arrays(body: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        # We write without compression; a small file must not become a large memory.
        if sum(member.file_size for member in archive.infolist()) > len(body):
            raise ValueError("larger inside than outside")
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _under(arrays: Mapping[str, FloatArray], prefix: str) -> dict[str, FloatArray]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _decode_simulation(scalars: dict[str, Any], arrays: dict[str, FloatArray]) -> Simulation:
    configuration = None
    if "positions" in arrays:
        configuration = Configuration(
            arrays.pop("positions"), arrays.pop("velocities"), scalars.pop("box_length")
        )
    series = [
        Series(name, unit=unit, **{key: arrays[f"{name}/{key}"] for key in _ARRAYS})
        for name, unit in scalars.pop("series")
    ]
    counts = tuple(scalars.pop("counts"))
    return Simulation(named(series), configuration, counts, **scalars)
