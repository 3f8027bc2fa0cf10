"""The mistakes people make, each as a whole kind, on four liquids of known truth."""

import re

import numpy as np
import pytest
from pydantic import ValidationError

from sopr_uq.errors import InputError, InputErrors
from sopr_uq.experiment import build_system, load_system, read_curve
from sopr_uq.experiment.mistakes import check_mistakes
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.settings import ReferenceSettings, SystemSettings
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure.solver import solve
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.units import inverse_temperature

STATES = {
    "argon": (85.0, 0.02125, 3.4, 0.24, 39.948),
    "krypton": (220.0, 0.01187, 3.58, 0.36, 83.798),
    "hot": (150.0, 0.019, 3.4, 0.24, 39.948),
    "dense": (120.0, 0.0230, 3.4, 0.24, 39.948),
}


class Known:
    """g(r) and S(Q) of the HNC closure on a table's abscissae."""

    def __init__(self, name):
        kelvin, self.density, sigma, epsilon, mass = STATES[name]
        grid = RadialGrid(4095, 0.01)
        energy = lennard_jones(sigma, epsilon).energy(grid.r)
        solution = solve(grid, energy, self.density, inverse_temperature(kelvin))
        self.r, self.g = grid.r[4:2000:5], solution.g[4:2000:5]
        self.q, self.s = grid.q[2:200], solution.s[2:200]
        self.system = SystemSettings(name=name, temperature=kelvin, density=self.density, mass=mass)
        self.reference = ReferenceSettings(sigma=sigma, epsilon=epsilon)

    def observe(self, file, kind="g", **keys):
        """Read a file as a configuration would, with this state and starting potential."""
        settings = ObserveSettings(kind=kind, file=file, **keys)
        return build_system(self.system, self.reference, [settings]).observations[0]


@pytest.fixture(scope="module", params=STATES)
def liquid(request):
    return Known(request.param)


@pytest.fixture
def file(tmp_path):
    def write(*columns, header=""):
        path = tmp_path / "curve.dat"
        np.savetxt(path, np.stack(columns, axis=1), fmt="%.6g", header=header)
        return path

    return write


def test_good_curves_pass_without_a_word(liquid, file):
    """Negative control for everything below."""
    odd = check_mistakes("x", "g", liquid.r, liquid.g, liquid.density)
    assert not odd
    seen = liquid.observe(file(liquid.r, liquid.g), q_max="none")
    assert len(seen.remarks) == 1
    assert "holds no data" in seen.remarks[0]
    if liquid.s[0] < 0.3:
        assert not liquid.observe(file(liquid.q, liquid.s), kind="s").remarks


@pytest.mark.parametrize("name", ["argon-85K", "neon-42K", "krypton-199K", "xenon-274K"])
def test_shipped_curves_pass_without_a_word(name):
    assert not any(o.remarks for o in load_system(name).observations)


def test_a_tail_at_95_percent_is_said(liquid, file):
    seen = liquid.observe(file(liquid.r, 0.95 * liquid.g))
    assert any("g ends at 0.9" in remark and "N/(N − 1)" in remark for remark in seen.remarks)


def test_a_tail_that_falls_beyond_half_a_box(liquid, file):
    fall = np.clip((20.0 - liquid.r) / 4.0, 0.02, 1.0)
    with pytest.raises(InputErrors, match=r"a fall to .*beyond half a box.*window = \["):
        liquid.observe(file(liquid.r, liquid.g * fall))


@pytest.mark.parametrize("zeros", [3, 20])
def test_a_tail_of_zeros(liquid, file, zeros):
    """However short: a histogram that was longer than half a box."""
    g = liquid.g.copy()
    g[-zeros:] = 0.0
    few, many = r"a fall to 0 .*beyond half a box", r"Beyond .* the curve holds no data"
    try:
        said = " ".join(liquid.observe(file(liquid.r, g)).remarks)
    except InputErrors as error:
        said = str(error)
    assert re.search(few if zeros < 10 else many, said)


@pytest.mark.parametrize("kind", ["g", "s"])
def test_an_end_that_was_filled_in(liquid, file, kind):
    """Ones beyond what was measured are no data; a few equal ones by rounding are."""
    x, y = (liquid.r, liquid.g) if kind == "g" else (liquid.q, liquid.s)
    rng = np.random.default_rng(1)
    noisy = y + 0.003 * rng.standard_normal(y.size) * (y > 0.1)
    filled = np.append(noisy, np.ones(40))
    longer = np.append(x, x[-1] + (x[1] - x[0]) * np.arange(1, 41))
    seen = liquid.observe(file(longer, filled), kind=kind)
    assert seen.window[1] == pytest.approx(x[-1], rel=1e-5)
    assert any("40 equal values, 1" in remark for remark in seen.remarks)
    assert liquid.observe(file(x, noisy), kind=kind).window[1] == np.inf


def test_g_times_density(liquid, file):
    with pytest.raises(InputErrors, match=r"the density|last quarter"):
        liquid.observe(file(liquid.r, liquid.density * liquid.g))
    with pytest.raises(InputError, match="divide by the density"):
        check_mistakes("x", "g", liquid.r, liquid.density * liquid.g, liquid.density)


@pytest.mark.parametrize("height", [3.0, 4000.0])
def test_self_pairs_in_a_mixed_pair(liquid, file, height):
    g = liquid.g.copy()
    g[:2] = height
    with pytest.raises(InputErrors, match="exclude self pairs"):
        liquid.observe(file(liquid.r, g))


@pytest.mark.parametrize(("at", "height"), [(0.74, 2.0), (1.0, 15.0), (1.54, 40.0)])
def test_a_bond_in_an_atomic_liquid(liquid, file, at, height):
    bond = height * np.exp(-(((liquid.r - at) / 0.06) ** 2))
    with pytest.raises(InputErrors, match=r"a spike of .*a bond, or another species"):
        liquid.observe(file(liquid.r, liquid.g + bond))
    begin = float(liquid.r[liquid.g > 0.01][0])
    assert liquid.observe(file(liquid.r, liquid.g + bond), window=(begin, 15.0)).window[0] == begin


@pytest.mark.parametrize("size", [0.05, 0.3, 2.0])
def test_ripples_and_negative_g_in_the_core_are_left_out(liquid, file, size):
    core = liquid.r < 0.75 * liquid.r[np.argmax(liquid.g)]
    ripples = size * np.where(core, np.cos(11.0 * liquid.r), 0.0)
    seen = liquid.observe(file(liquid.r, liquid.g + ripples))
    assert any("ripples of up to" in remark for remark in seen.remarks)
    assert seen.windowed().value.min() > -0.05
    assert seen.window[0] < liquid.r[np.argmax(liquid.g)]


def test_left_edges_of_cells(liquid, file):
    width = liquid.r[1] - liquid.r[0]
    edges = np.append(liquid.r, liquid.r[-1] + width) - 0.5 * width
    edges -= edges[0]
    path = file(edges, np.append(liquid.g, 0.0))
    table = read_curve(path, "g", q_max="none", window=(0.0, np.inf))
    assert any('edges = "left"' in remark for remark in table.remarks)
    moved = read_curve(path, "g", edges="left", q_max="none")
    np.testing.assert_allclose(moved.x, edges[:-1] + 0.5 * width, atol=1e-9)
    np.testing.assert_allclose(moved.value, liquid.g, rtol=1e-5)


def test_a_last_cell_of_another_width(liquid, file):
    r = liquid.r.copy()
    r[-1] += 0.02
    seen = read_curve(file(r, liquid.g), "g")
    assert any("The last cell is 0.07 wide, the others 0.05" in remark for remark in seen.remarks)


def test_nan_before_the_core(liquid, file):
    g = liquid.g.copy()
    g[:3] = np.nan
    seen = liquid.observe(file(liquid.r, g))
    assert seen.remarks[0].startswith("3 rows at the beginning hold no number")
    g[100] = np.nan
    with pytest.raises(InputErrors, match="line 101, column 2: expected a finite number"):
        liquid.observe(file(liquid.r, g))


def test_negative_s(liquid, file):
    with pytest.raises(InputErrors, match=r"form = \"s-1\""):
        liquid.observe(file(liquid.q, liquid.s - 1.0), kind="s")
    dip = liquid.s - 0.8 * np.exp(-(((liquid.q - 1.0) / 0.3) ** 2)) - 0.1
    with pytest.raises(InputErrors, match=r"S\(Q\) that is not negative"):
        liquid.observe(file(liquid.q, dip), kind="s")


def test_the_direct_beam(liquid, file):
    beam = np.where(np.arange(liquid.q.size) < 3, 80.0, 0.0)
    with pytest.raises(InputErrors, match="as of the direct beam"):
        liquid.observe(file(liquid.q, liquid.s + beam), kind="s")


def test_a_rise_at_small_angles_is_said(liquid, file):
    rise = 0.4 * np.exp(-((liquid.q / 0.6) ** 2))
    seen = liquid.observe(file(liquid.q, liquid.s + rise), kind="s")
    assert any("S rises by" in remark and "critical point" in remark for remark in seen.remarks)


def test_errors_of_zero(liquid, file):
    error = np.full_like(liquid.r, 0.01)
    error[:5] = 0.0
    seen = liquid.observe(file(liquid.r, liquid.g, error, header="r g error"))
    assert any("5 points at the beginning have an error of zero" in r for r in seen.remarks)
    error[200] = 0.0
    with pytest.raises(InputErrors, match="line 202, error: expected a positive number"):
        liquid.observe(file(liquid.r, liquid.g, error, header="r g error"))
    none = liquid.observe(file(liquid.r, liquid.g, 0 * error, header="r g error"))
    assert none.error is None
    assert any("none is believed" in remark for remark in none.remarks)


def test_nanometres(liquid, file):
    with pytest.raises(InputErrors, match="suggests nanometres"):
        liquid.observe(file(0.1 * liquid.r, liquid.g))
    with pytest.raises(InputErrors, match="suggests 1/nm"):
        liquid.observe(file(10.0 * liquid.q, liquid.s), kind="s")
    told = liquid.observe(file(0.1 * liquid.r, liquid.g), unit="nm")
    np.testing.assert_allclose(told.x, liquid.r, rtol=1e-5)


@pytest.mark.parametrize(("factor", "unit"), [(4.184, "kJ/mol"), (503.2, "K")])
def test_kilojoules_and_kelvin_for_kilocalories(liquid, file, factor, unit):
    epsilon = float(f"{liquid.reference.epsilon * factor:.6g}")
    wrong = ReferenceSettings(sigma=liquid.reference.sigma, epsilon=epsilon)
    with pytest.raises(InputErrors, match=f'epsilon = "{epsilon:g} {unit}"'):
        build_system(liquid.system, wrong, [])
    right = ReferenceSettings(sigma=liquid.reference.sigma, epsilon=f"{epsilon} {unit}")
    assert right.epsilon == pytest.approx(liquid.reference.epsilon, rel=1e-3)


@pytest.mark.parametrize("factor", [2.0, 3.0])
def test_formula_units_or_twice_the_atoms(factor):
    """A g(r) goes with one density only: S(0) of it would be negative with a higher one."""
    for name in ("argon", "dense"):
        liquid = Known(name)
        with pytest.raises(InputError, match="not formula units"):
            check_mistakes("x", "g", liquid.r, liquid.g, factor * liquid.density)


@pytest.mark.parametrize("form", ["h", "G", "rdf", "t"])
def test_other_forms_of_g_are_refused_with_their_name_and_read_with_it(liquid, file, form):
    four = 4 * np.pi * liquid.density * liquid.r
    written = {
        "h": liquid.g - 1,
        "G": four * (liquid.g - 1),
        "t": four * liquid.g,
        "rdf": four * liquid.r * liquid.g,
    }[form]
    with pytest.raises(InputErrors, match=f'form = "{form}"'):
        liquid.observe(file(liquid.r, written))
    told = liquid.observe(file(liquid.r, written), form=form)
    np.testing.assert_allclose(told.value, liquid.g, atol=2e-4)
    assert any("converted to g(r)" in remark for remark in told.remarks)


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.3])
def test_a_core_knows_the_density_by_which_it_was_made(liquid, file, factor):
    """G(r) = −4πρr in the core; ripples of a transform do not hide it, nor do they pretend."""
    ripple = 0.3 * 4 * np.pi * liquid.density * np.sin(14 * liquid.r)
    shell = 4 * np.pi * liquid.density * liquid.r
    for added in (0.0, ripple):
        true = shell * (liquid.g - 1) + added
        assert liquid.observe(file(liquid.r, true), form="G").kind == "g"
        with pytest.raises(InputErrors, match="a core with the slope") as refused:
            liquid.observe(file(liquid.r, true / factor), form="G")
        told = float(str(refused.value).split("values times ")[1].split()[0])
        assert told == pytest.approx(factor, rel=0.05)


def test_a_system_without_a_density_is_one_fault(liquid, file):
    """Form G cannot be read then; but it is not G that is wrong."""
    curve = file(liquid.r, 4 * np.pi * liquid.density * liquid.r * (liquid.g - 1))
    dense = liquid.system.model_copy(update={"density": 9.0})
    settings = ObserveSettings(kind="g", file=curve, form="G")
    with pytest.raises(InputErrors) as faults:
        build_system(dense, liquid.reference, [settings])
    assert [fault.where for fault in faults.value.faults] == ["system.density"]


def test_other_forms_of_s(liquid, file):
    for form, written in (("s-1", liquid.s - 1), ("q(s-1)", liquid.q * (liquid.s - 1))):
        with pytest.raises(InputErrors, match='form = "'):
            liquid.observe(file(liquid.q, written), kind="s")
        told = liquid.observe(file(liquid.q, written), kind="s", form=form)
        np.testing.assert_allclose(told.value, liquid.s, atol=2e-4)
    total = liquid.observe(
        file(liquid.q, 0.25 * (liquid.s - 1)), kind="s", form="f", scattering_length="5 fm"
    )
    np.testing.assert_allclose(total.value, liquid.s, atol=2e-4)
    with pytest.raises(InputErrors, match="scattering_length"):
        liquid.observe(file(liquid.q, 0.25 * (liquid.s - 1)), kind="s", form="f")


@pytest.mark.parametrize("length", ["-5 fm", -1.9])
def test_nuclei_may_scatter_with_a_negative_length(liquid, file, length):
    """Those of lithium, titanium and manganese do; it is its square that counts."""
    b = float(str(length).removesuffix(" fm"))
    path = file(liquid.q, 0.01 * b**2 * (liquid.s - 1))
    told = liquid.observe(path, kind="s", form="f", scattering_length=length)
    np.testing.assert_allclose(told.value, liquid.s, atol=2e-4)
    with pytest.raises(ValidationError, match="not zero"):
        liquid.observe(path, kind="s", form="f", scattering_length=0.0)


@pytest.mark.parametrize("keys", [{"q_max": 12.0}, {"lorch": True}, {"damping": 0.5}])
def test_what_says_nothing_of_an_s_is_refused(liquid, file, keys):
    """Only a g(r) has been a Fourier integral; only an F(Q) has a length in it."""
    with pytest.raises(ValidationError, match=next(iter(keys))):
        liquid.observe(file(liquid.q, liquid.s), kind="s", **keys)
    with pytest.raises(InputErrors, match=r"scattering_length: expected form f.*'s'"):
        liquid.observe(file(liquid.q, liquid.s), kind="s", scattering_length=1.9)
    with pytest.raises(ValidationError, match="scattering_length"):
        liquid.observe(file(liquid.r, liquid.g), scattering_length=1.9)


def test_a_form_of_the_other_function_is_refused(liquid, file):
    with pytest.raises(InputErrors, match="one of g, h, G, rdf, t, for kind 'g'"):
        liquid.observe(file(liquid.r, liquid.g), form="s-1")


def test_a_window_on_one_flank_does_not_fall_from_one():
    x = np.linspace(4.8, 5.6, 9)
    (said,) = check_mistakes("x", "g", x, np.linspace(0.7, 0.57, 9), 0.02125)
    assert "g ends at" in said
