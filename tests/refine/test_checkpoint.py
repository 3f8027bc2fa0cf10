"""Iterations on disk: whole or not at all, and never trusted when damaged."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.disk import write_atomic
from sopr_uq.engine.protocol import Configuration, Simulation, named
from sopr_uq.engine.series import Series
from sopr_uq.errors import CheckpointError
from sopr_uq.refine.checkpoint import _MAGIC, Folder, decode, encode
from sopr_uq.refine.journal import Iteration
from sopr_uq.refine.round import Run
from sopr_uq.refine.rule import RuleState, StepInfo

RNG = np.random.default_rng(0)


def simulation(*, blocks: int = 4, configuration: bool = True) -> Simulation:
    r = 0.1 * (np.arange(50) + 0.5)
    end = Configuration(RNG.random((7, 3)), RNG.standard_normal((7, 3)), 12.5)
    series = [
        Series("g A-A", r, RNG.random(50), RNG.random((blocks, 50)), "1"),
        Series("g A-B", r, RNG.random(50), RNG.random((blocks, 50)), "1"),
        Series("pressure", np.zeros(1), np.array([-1.25]), RNG.random((blocks, 1)), "MPa"),
        Series.number("energy", np.nextafter(-1.0, 0.0), "kcal/mol"),
    ]
    return Simulation(
        series=named(series),
        configuration=end if configuration else None,
        counts=(3, 4),
        steps=1000,
        seconds=0.1 + 0.2,
        rdf_seconds=1e-300,
        engine="fake 1.0 – ü",
    )


def iteration(number: int = 1) -> Iteration:
    values = {"level": np.asarray(1.01)}
    memory = {"y": RNG.random((2, 5)), "last": np.asarray(np.inf), "empty": np.empty((0, 3))}
    return Iteration(
        runs=(
            Run(RNG.standard_normal(20), (simulation(), simulation(blocks=0, configuration=False))),
            Run(RNG.standard_normal(20), (), "phase-separated – ü"),
            Run(RNG.standard_normal(20), (simulation(), simulation())),
        ),
        state=RuleState(number, RNG.standard_normal((3, 20)), memory),
        info=StepInfo(1e-3, float("nan"), float("inf"), False, "too few", values),
        seconds=1.0 / 3.0,
    )


def same(a: object, b: object) -> bool:
    """Whether two values agree bit for bit, NaN included."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if hasattr(a, "__dataclass_fields__"):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, float):
        # a NaN has a sign and a payload, which mean nothing and need not survive
        both_nan = bool(np.isnan(a) and np.isnan(b))
        return both_nan or np.float64(a).tobytes() == np.float64(b).tobytes()
    return a == b


def test_round_trip_is_exact() -> None:
    before = iteration()
    after = decode(encode(before))
    assert same(before, after)
    changed = replace(before, seconds=np.nextafter(before.seconds, 1.0))
    assert not same(changed, after), "the comparison sees one bit"
    assert encode(after) == encode(before)


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(width=64))
def test_any_number_survives(noise: float, seconds: float) -> None:
    before = iteration()
    before = replace(before, info=replace(before.info, noise=noise), seconds=seconds)
    assert same(before, decode(encode(before)))


def crafted(**arrays: np.ndarray) -> bytes:
    """A file with a right checksum and a wrong content."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    body = buffer.getvalue()
    return _MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def test_nothing_is_pickled_and_nothing_unpickled() -> None:
    objects = np.array([{"a": 1}], dtype=object)
    state = replace(iteration().state, memory={"y": objects})
    with pytest.raises(CheckpointError, match="state/y holds Python objects"):
        encode(replace(iteration(), state=state))
    with pytest.raises(CheckpointError, match="not an iteration"):
        decode(crafted(header=objects))


def test_a_small_file_does_not_become_a_large_memory() -> None:
    with pytest.raises(CheckpointError, match="larger inside"):
        decode(crafted(header=np.zeros(1_000_000)))


@pytest.mark.parametrize("header", [b"{}", b"[]", b"no json", b'{"runs": 3}'])
def test_a_right_checksum_of_something_else_is_refused(header: bytes) -> None:
    with pytest.raises(CheckpointError, match="not an iteration"):
        decode(crafted(header=np.frombuffer(header, dtype=np.uint8)))


def test_iterations_come_back_in_order(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "run")
    assert list(folder.load()) == []
    written = [iteration(n) for n in (1, 2, 3)]
    for each in written:
        folder.append(each)
    assert same(tuple(written), tuple(folder.load()))
    assert sorted(f.name for f in (tmp_path / "run").iterdir()) == [
        "0000.iteration",
        "0001.iteration",
        "0002.iteration",
    ]


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def altered(content: bytes) -> bytes:
    position = len(content) // 2
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


def other_version(content: bytes) -> bytes:
    return content.replace(_MAGIC, b"sopr_uq iteration 1\n", 1)


@pytest.mark.parametrize("damage", [truncated, altered, other_version, lambda content: b""])
def test_damage_is_noticed_and_set_aside(tmp_path: Path, damage) -> None:
    folder = Folder(tmp_path)
    written = [iteration(n) for n in (1, 2, 3)]
    for each in written:
        folder.append(each)
    second = tmp_path / "0001.iteration"
    bad = damage(second.read_bytes())
    second.write_bytes(bad)
    with pytest.raises(CheckpointError):
        decode(bad)
    with pytest.warns(UserWarning, match=r"0001\.iteration.*Going on from iteration 1"):
        found = folder.load()
    assert same((written[0],), tuple(found))
    kept = {f.name for f in tmp_path.iterdir()}
    assert kept == {"0000.iteration", "0001.damaged", "0002.damaged"}
    assert (tmp_path / "0001.damaged").read_bytes() == bad
    folder.append(written[1])
    assert len(folder.load()) == 2


def test_exchanged_and_missing_files_are_noticed(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for number in (1, 2, 3):
        folder.append(iteration(number))
    (tmp_path / "0001.iteration").write_bytes((tmp_path / "0002.iteration").read_bytes())
    with pytest.warns(UserWarning, match=r"0001.*holds iteration 2 instead"):
        assert len(folder.load()) == 1
    folder.append(iteration(2))
    folder.append(iteration(3))
    (tmp_path / "0001.iteration").unlink()
    with pytest.warns(UserWarning, match=r"0002.*0001\.iteration before it is missing"):
        assert len(folder.load()) == 1
    kept = {f.name for f in tmp_path.iterdir()}
    assert kept == {"0000.iteration", "0001.damaged", "0002.damaged", "0002.damaged2"}


def test_a_full_disk_is_an_honest_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path)
    first = iteration(1)
    folder.append(first)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(CheckpointError, match=r"No space left.*free some disk space"):
            folder.append(iteration(2))
    assert [f.name for f in tmp_path.iterdir()] == ["0000.iteration"]
    assert same((first,), tuple(folder.load()))


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a"
    write_atomic(file, b"old")

    def killed(self: Path, target: Path) -> Path:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(CheckpointError):
            write_atomic(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
    write_atomic(file, b"new")
    assert file.read_bytes() == b"new"


def test_what_a_kill_leaves_behind_is_not_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.append(iteration(1))
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    (tmp_path / f".0001.iteration.{dead.pid}.tmp").write_bytes(b"half of a fi")
    assert len(folder.load()) == 1
    assert [f.name for f in tmp_path.iterdir()] == ["0000.iteration"]


def test_a_failed_run_stays_failed() -> None:
    after = decode(encode(iteration()))
    assert [run.failed for run in after.runs] == [False, True, False]
    assert after.runs[1].message == "phase-separated – ü"
    np.testing.assert_array_equal(after.potential, after.runs[0].potential)


V = np.arange(20.0)


def test_simulations_of_an_unfinished_round_are_kept_until_it_is_complete(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.kept(0, 3, V) is None
    made = [simulation(), simulation(blocks=0, configuration=False)]
    for number, each in enumerate(made):
        folder.keep(0, number, V + number, each)
    found = [Folder(tmp_path).kept(0, number, V + number) for number in (0, 1)]
    assert same(tuple(made), tuple(found))
    assert list(folder.load()) == [], "a part is no round"
    assert folder.kept(1, 0, V) is None, "of another round"
    assert folder.kept(0, 1, V) is None, "of another potential"
    assert folder.kept(0, 0, V + 1e-12) is None
    folder.append(iteration(1))
    assert [f.name for f in tmp_path.iterdir()] == ["0000.iteration"]


@pytest.mark.parametrize("damage", [truncated, altered, other_version, lambda content: b""])
def test_a_damaged_part_is_simulated_again_with_a_warning(tmp_path: Path, damage) -> None:
    folder = Folder(tmp_path)
    folder.keep(2, 0, V, simulation())
    file = tmp_path / "0002-0.simulation"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.warns(UserWarning, match=r"0002-0\.simulation.*simulated again"):
        assert folder.kept(2, 0, V) is None
    again = simulation()
    folder.keep(2, 0, V, again)
    assert same(folder.kept(2, 0, V), again)


def test_a_part_that_is_something_else_is_simulated_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "0000-0.simulation").write_bytes(encode(iteration()))
    with pytest.warns(UserWarning, match="simulated again"):
        assert folder.kept(0, 0, V) is None
