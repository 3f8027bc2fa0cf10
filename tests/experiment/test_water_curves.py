"""Water in a configuration: its contrasts and partials from files, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq import load_config
from sopr_uq.errors import InputErrors

R = np.arange(0.02, 10.0, 0.02)
LIQUID = """
[system]
name = "water"
temperature = 295.0
density = 0.033355
[[molecule]]
name = "water"
model = "spce"
[[pair]]
sites = ["O", "O"]
sigma = 3.166
epsilon = 0.1553
[[pair]]
sites = ["O", "H"]
form = "zero"
refine = false
[[pair]]
sites = ["H", "H"]
form = "zero"
refine = false
"""
CONTRAST = """
[[observe]]
kind = "f"
file = "{name}_fq.csv"
weights = "neutron"
deuterated = {fraction}
name = "{name}"
"""


def bond(r, at, width, neighbours, density):
    """A g(r) that holds so many neighbours at a distance."""
    height = neighbours / (4 * np.pi * at**2 * density * width * (2 * np.pi) ** 0.5)
    return height * np.exp(-0.5 * ((r - at) / width) ** 2)


def oxygen_hydrogen(dip=0.15):
    """Like that of water: a hydrogen bond at 1.8 Å, a gap, and the next shell."""
    hydrogen_bond = 1.3 * np.exp(-0.5 * ((R - 1.82) / 0.17) ** 2)
    liquid = 1.0 / (1.0 + np.exp(-(R - 2.9) / 0.12))
    shell = 0.5 * np.exp(-0.5 * ((R - 3.3) / 0.25) ** 2)
    return hydrogen_bond + liquid + shell + dip * ((R > 2.0) & (R < 2.9)) * (1 - liquid)


def hydrogen_hydrogen():
    first = 0.4 * np.exp(-0.5 * ((R - 2.4) / 0.25) ** 2) + 0.01 * np.sin(3 * R) * (R > 2)
    return first + 1.0 / (1.0 + np.exp(-(R - 2.2) / 0.12))


def built(folder, observe, **columns):
    for name, (x, y) in columns.items():
        np.savetxt(folder / f"{name}.csv", np.stack([x, y], 1), delimiter=",")
    file = folder / "water.toml"
    file.write_text(LIQUID + observe)
    return load_config(file).build_system()


def partial(sites):
    a, b = sites
    return f'[[observe]]\nkind = "g"\nfile = "g.csv"\nsites = ["{a}", "{b}"]\nq_max = "none"\n'


def test_contrasts_of_a_configuration(tmp_path):
    q = np.arange(1.0, 20.0, 0.05)
    names = {"d2o": 1.0, "hdo": 0.5, "h2o": 0.0}
    observe = "".join(CONTRAST.format(name=n, fraction=x) for n, x in names.items())
    curves = {f"{n}_fq": (q, 0.1 * np.sin(2 * q) * np.exp(-0.2 * q)) for n in names}
    system = built(tmp_path, observe, **curves)
    assert [o.name for o in system.observations] == list(names)
    totals = [o.total for o in system.observations]
    np.testing.assert_allclose(totals[0].mixture.within.lengths, [1.0, 1.633], atol=1e-3)
    between = [total.between(np.zeros(1))[0] for total in totals]
    assert all(w[0] == pytest.approx(between[0][0]) for w in between)
    assert between[0][1] > between[1][1] > 0 > between[2][1], "hydrogen's length is negative"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('element = "H"\n', "element"),
        ("exchanges = true\n", "exchange"),
        ("deuterated = -0.1\n", "greater than or equal to 0"),
    ],
)
def test_a_contrast_that_cannot_be_is_refused(tmp_path, line, words):
    q = np.arange(1.0, 20.0, 0.05)
    observe = CONTRAST.format(name="x", fraction=1.0).replace("deuterated = 1.0\n", line)
    with pytest.raises(InputErrors, match=words):
        built(tmp_path, observe, x_fq=(q, 0.1 * np.sin(2 * q)))


@pytest.mark.parametrize("dip", [0.05, 0.15, 0.25])
def test_a_hydrogen_bond_is_no_bond(tmp_path, dip):
    (o,) = built(tmp_path, partial("OH"), g=(R, oxygen_hydrogen(dip))).observations
    used = o.windowed()
    assert used.x[0] < 1.5
    assert not [remark for remark in o.remarks if "core" in remark]


@pytest.mark.parametrize(
    ("sites", "liquid", "at", "width", "neighbours"),
    [("OH", oxygen_hydrogen, 1.0, 0.07, 2.0), ("HH", hydrogen_hydrogen, 1.633, 0.11, 1.0)],
)
def test_the_distances_of_a_molecule_do_not_belong_into_g(
    tmp_path, sites, liquid, at, width, neighbours
):
    """Refused with the window that leaves them out; without them, or behind them, accepted."""
    good = liquid()
    bad = good + bond(R, at, width, neighbours, 2 * 0.033355)
    assert built(tmp_path, partial(sites), g=(R, good)).observations
    with pytest.raises(InputErrors, match="within the molecule") as refused:
        built(tmp_path, partial(sites), g=(R, bad))
    window = f"window = [{at + 0.3:.2f}, 9.98]"
    assert window in str(refused.value)
    cut = partial(sites) + window + "\n"
    assert built(tmp_path, cut, g=(R, bad)).observations[0].windowed().x[0] > at
