"""Files with several curves: one block for each, with the pair that its name tells."""

import tomllib

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment import read_curve
from sopr_uq.experiment.look import look
from sopr_uq.experiment.look_partials import pair_of
from sopr_uq.workflow.init import Answers, write_config

R = np.round(np.arange(0.05, 12.0, 0.05), 2)


def g_of(first: float) -> np.ndarray:
    return np.where(first > R, 0.0, 1.0 + 2.0 * np.exp(-(((R - first - 0.6) / 0.4) ** 2)))


CURVES = {"K-K": g_of(3.2), "K-Cl": g_of(2.3), "Cl-Cl": g_of(3.4)}


def written(tmp_path, names, values):
    head = '@ xaxis label "r (nm)"\n@ yaxis label "g(r)"\n'
    head += "".join(f'@ s{i} legend "{name}"\n' for i, name in enumerate(names))
    rows = np.column_stack([R / 10.0, *values])
    body = "".join(" ".join(f"{x:.6g}" for x in row) + "\n" for row in rows)
    (tmp_path / "salt.xvg").write_text(head + body)
    return tmp_path / "salt.xvg"


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("K-Cl", ("K", "Cl")), ("g_ArKr", ("Ar", "Kr")), ("g_O-H", ("O", "H")), ("OO", ("O", "O")),
        ("g(Na-Cl)", ("Na", "Cl")), ("g_NaCl(r)", ("Na", "Cl")), ("rdf O1-H2", ("O1", "H2")),
        ("O", None), ("r (nm)", None), ("coordination", None), ("", None), ("g", None),
    ],
)  # fmt: skip
def test_names_of_pairs(name, pair) -> None:
    assert pair_of(name) == pair


def test_every_partial_has_its_block(tmp_path) -> None:
    """Each block reads its own curve; what is said is of the first."""
    file = written(tmp_path, CURVES, CURVES.values())
    seen = look(file)
    assert seen.curves == 3
    assert any("3 partials (K-K, K-Cl, Cl-Cl)" in remark for remark in seen.remarks)
    blocks = tomllib.loads(seen.block)["observe"]
    assert ["-".join(block["sites"]) for block in blocks] == list(CURVES)
    for block, g in zip(blocks, CURVES.values(), strict=True):
        curve = read_curve(file, "g", columns=block["columns"], unit=block["unit"])
        np.testing.assert_allclose(curve.value, g, rtol=1e-5)
    np.testing.assert_array_equal(seen.value, look(file, columns=[1, 2]).value)


def test_errors_stand_behind_their_curves(tmp_path) -> None:
    rows = [R, CURVES["K-K"], 0.01 + 0 * R, CURVES["K-Cl"], 0.02 + 0 * R]
    file = tmp_path / "salt.csv"
    body = "\n".join(",".join(f"{x:.6g}" for x in row) for row in np.column_stack(rows))
    file.write_text("r,g_KK,dg_KK,g_KCl,dg_KCl\n" + body + "\n")
    blocks = tomllib.loads(look(file).block)["observe"]
    assert [block["columns"] for block in blocks] == [[1, 2, 3], [1, 4, 5]]


def test_only_partials_are_several_curves(tmp_path) -> None:
    """A curve told twice is one; what is no pair is none; each has the form of its own column."""
    shell = 4.0 * np.pi * 0.024 * R
    rows = [R, CURVES["K-K"] - 1.0, CURVES["K-Cl"], shell * (CURVES["K-Cl"] - 1.0), 0.0 * R]
    body = "\n".join(",".join(f"{x:.8g}" for x in row) for row in np.column_stack(rows))
    file = tmp_path / "salt.csv"
    file.write_text("r,h_KK,g_KCl,G_KCl,fit\n" + body + "\n")
    first, second = tomllib.loads(look(file, density=0.024).block)["observe"]
    assert (first["form"], first["sites"], first["columns"]) == ("h", ["K", "K"], [1, 2])
    assert ("form" in second, second["sites"], second["columns"]) == (False, ["K", "Cl"], [1, 3])
    file.write_text("r,g_total,h_total\n" + "\n".join(x.rsplit(",", 2)[0] for x in body.split()))
    with pytest.raises(InputError, match="one column with"):
        look(file)


def test_a_column_may_be_named_without_its_unit(tmp_path) -> None:
    file = written(tmp_path, CURVES, CURVES.values())
    np.testing.assert_array_equal(
        read_curve(file, "g", columns=["r", "K-Cl"]).value,
        read_curve(file, "g", columns=["r (nm)", "K-Cl"]).value,
    )
    with pytest.raises(InputError, match="a name among"):
        read_curve(file, "g", columns=["q", "K-Cl"])


def test_no_configuration_of_an_element_is_made_of_partials(tmp_path) -> None:
    seen = look(written(tmp_path, CURVES, CURVES.values()))
    answers = Answers("salt", "1100 K", "0.024", "39", "3", "0.2")
    with pytest.raises(InputError, match="3 partials"):
        write_config(tmp_path / "salt.toml", answers, seen)
    assert not (tmp_path / "salt.toml").exists()
