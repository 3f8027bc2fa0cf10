"""Results on disk: what goes in comes out, whole, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from sopr_uq.errors import CheckpointError, InputError
from sopr_uq.posterior import store
from sopr_uq.posterior.fingerprint import fingerprint


@pytest.fixture
def tree() -> xr.DataTree:
    """A small result with everything that netCDF could spoil."""
    rng = np.random.default_rng(0)
    posterior = xr.Dataset(
        {
            "potential": (("chain", "draw", "r"), rng.random((2, 3, 5)), {"units": "kcal/mol"}),
            "noise": (("chain", "draw"), np.full((2, 3), np.nan)),
        },
        coords={
            "chain": [0, 1],
            "draw": [0, 1, 2],
            "r": ("r", np.arange(5.0), {"units": "angstrom"}),
        },
    )
    groups = {
        "posterior": posterior,
        "observed_data": xr.Dataset({"g": ("r_observed", rng.random(4))}),
        "sample_stats": xr.Dataset({"divergences": 0.0}),
        "iterations": xr.Dataset(
            {"converged": ("iteration", np.array([0, 1], dtype=np.int8))},
            coords={"iteration": [0, 1], "name": ("iteration", ["first – ü", "second"])},
        ),
    }
    result = xr.DataTree.from_dict(groups)
    result.attrs = {"outcome": "converged", "seed": 1, "settings": '{"a": [1, null]}'}
    return result


def test_round_trip(tree, tmp_path: Path) -> None:
    file = tmp_path / "result.nc"
    before = tree.copy(deep=True)
    store.write(tree, file)
    assert tree.identical(before), "writing leaves the result alone"
    found = store.read(file)
    stated = {"schema": store.SCHEMA, "sha256": fingerprint(found, "sha256")}
    assert found.attrs == {**tree.attrs, **stated}
    assert {n.path for n in found.subtree} == {n.path for n in tree.subtree}
    for node in tree.subtree:
        if node.path != "/":
            xr.testing.assert_identical(found[node.path].to_dataset(), node.to_dataset())
    assert found["posterior"]["potential"].dtype == np.float64
    assert list(tmp_path.iterdir()) == [file]


def test_what_was_read_does_not_depend_on_the_file(tree, tmp_path: Path) -> None:
    file = tmp_path / "result.nc"
    store.write(tree, file)
    found = store.read(file)
    file.unlink()
    assert np.isfinite(found["posterior"]["potential"].values).all()


def test_a_result_is_replaced(tree, tmp_path: Path) -> None:
    file = tmp_path / "result.nc"
    store.write(tree, file)
    tree.attrs["outcome"] = "max_iterations"
    store.write(tree, file)
    assert store.read(file).attrs["outcome"] == "max_iterations"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), CheckpointError),
        (RuntimeError("NetCDF: HDF error"), CheckpointError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_half_a_file_is_never_left(
    tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, told
) -> None:
    file = tmp_path / "result.nc"

    def broken(self: xr.DataTree, path: Path, **options: object) -> None:
        Path(path).write_bytes(b"\x89HDF half")
        raise error

    for there_before in (False, True):
        if there_before:
            store.write(tree, file)
        with monkeypatch.context() as patch:
            patch.setattr(xr.DataTree, "to_netcdf", broken)
            with pytest.raises(told):
                store.write(tree, file)
        assert list(tmp_path.iterdir()) == ([file] if there_before else [])
    assert store.read(file).attrs["outcome"] == "converged"


def test_a_result_of_the_first_schema_is_read(tree, tmp_path: Path) -> None:
    tree.attrs["schema"] = 1
    tree.to_netcdf(tmp_path / "old.nc", engine=store.ENGINE)
    assert store.read(tmp_path / "old.nc").attrs["outcome"] == "converged"


def foreign_text(file: Path, tree: xr.DataTree) -> None:
    file.write_text("r,g\n1,0\n")


def foreign_netcdf(file: Path, tree: xr.DataTree) -> None:
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(file, engine=store.ENGINE)


def foreign_schema(file: Path, tree: xr.DataTree) -> None:
    tree.attrs["schema"] = "ACDD-1.3"
    tree.to_netcdf(file, engine=store.ENGINE)


def newer_schema(file: Path, tree: xr.DataTree) -> None:
    tree.attrs["schema"] = store.SCHEMA + 1
    tree.to_netcdf(file, engine=store.ENGINE)


def older_schema(file: Path, tree: xr.DataTree) -> None:
    tree.attrs["schema"] = 0
    tree.to_netcdf(file, engine=store.ENGINE)


def altered(file: Path, tree: xr.DataTree) -> None:
    store.write(tree, file)
    with netCDF4.Dataset(file, "a") as content:
        content["posterior/potential"][0, 0, 0] += 1e-9


def altered_word(file: Path, tree: xr.DataTree) -> None:
    store.write(tree, file)
    with netCDF4.Dataset(file, "a") as content:
        content.outcome = "max_iterations"


def without_fingerprint(file: Path, tree: xr.DataTree) -> None:
    tree.attrs["schema"] = store.SCHEMA
    tree.to_netcdf(file, engine=store.ENGINE)


def huge(file: Path, tree: xr.DataTree) -> None:
    with netCDF4.Dataset(file, "w") as content:
        content.schema = store.SCHEMA
        content.createDimension("x", 10**12)
        content.createVariable("a", "f8", ("x",), zlib=True, chunksizes=(1000,))


def truncated(file: Path, tree: xr.DataTree) -> None:
    store.write(tree, file)
    file.write_bytes(file.read_bytes()[:5000])


def empty(file: Path, tree: xr.DataTree) -> None:
    file.write_bytes(b"")


def missing(file: Path, tree: xr.DataTree) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (foreign_text, "a netCDF-4 file; found a file of another kind"),
        (foreign_netcdf, "schema None"),
        (foreign_schema, "schema ACDD-1.3"),
        (newer_schema, f"schema {store.SCHEMA + 1}.*newer version"),
        (older_schema, f"schema 1 to {store.SCHEMA}; found schema 0.*refining again"),
        (altered, "SHA-256 of its content: expected [0-9a-f]{64}; found [0-9a-f]{64}"),
        (altered_word, "SHA-256 of its content"),
        (without_fingerprint, "SHA-256 of its content: expected None"),
        (huge, "at most 4 GB of numbers; found 8000.0 GB"),
        (truncated, "a netCDF-4 file"),
        (empty, "a netCDF-4 file"),
        (missing, "found nothing"),
    ],
)
def test_other_files_are_refused_with_a_reason(tree, tmp_path: Path, make, words: str) -> None:
    file = tmp_path / "other.nc"
    make(file, tree)
    with pytest.raises(InputError, match=words) as caught:
        store.read(file)
    assert str(file) in str(caught.value)


def test_damaged_bytes_never_reach_the_netcdf_library(tree, tmp_path: Path) -> None:
    """Some damage ends its process; and what is whole opens with it as before."""
    good, bad = tmp_path / "good.nc", tmp_path / "bad.nc"
    store.write(tree, good)
    whole = good.read_bytes()
    for place in (20, len(whole) // 2, len(whole) - 200):
        content = bytearray(whole)
        content[place] ^= 0xFF
        bad.write_bytes(content)
        with pytest.raises(InputError, match="damaged or altered"):
            store.read(bad)
    with xr.open_datatree(good, engine="netcdf4") as opened:
        assert set(opened.children) == set(tree.children)
