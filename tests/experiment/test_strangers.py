"""The shipped curves as strangers have them: through every format the same numbers."""

import io

import numpy as np
import pytest

from sopr_uq.experiment import load_system, read_curve, systems
from sopr_uq.experiment.look import look

CURVES = [(s.name, o) for s in systems() for o in load_system(s.name).observations]
IDS = [o.name for _, o in CURVES]


def table(x, y, separator=" ", head="", decimal=".", tail=""):
    body = "".join(f"{a!r}{separator}{b!r}{tail}\n" for a, b in zip(x, y, strict=True))
    return (head + body.replace(".", decimal)).encode()


def lammps(x, y):
    rows = "".join(f"{i + 1} {a!r} {b!r} 0\n" for i, (a, b) in enumerate(zip(x, y, strict=True)))
    head = "# Time-averaged data for fix 1\n# TimeStep Number-of-rows\n# Row c_r[1] c_r[2] c_r[3]\n"
    return f"{head}1000 {len(x)}\n{rows}".encode()


def npz(x, y):
    stream = io.BytesIO()
    np.savez(stream, x=x, y=y)
    return stream.getvalue()


def in_nm(x, kind):
    """The decimal point of a printed number moved by one place."""
    return [float(f"{float(v):.10g}e{-1 if kind == 'g' else 1}") for v in x]


AXIS = {"g": ('"r (nm)"', '"g(r)"'), "s": ('"q (nm\\S-1\\N)"', '"S(q)"')}
WRITERS = {
    "csv.csv": lambda x, y, kind: table(x, y, ","),
    "tsv.tsv": lambda x, y, kind: table(x, y, "\t", "x\ty\n"),
    "blanks.dat": lambda x, y, kind: table(x, y, "   ", "% by hand\n"),
    "semicolons.txt": lambda x, y, kind: table(x, y, ";", "a;b\n", ","),
    "gromacs.xvg": lambda x, y, kind: table(
        in_nm(x, kind), y, " ", "@ xaxis label {}\n@ yaxis label {}\n".format(*AXIS[kind])
    ),
    "pdfgetx3.sq": lambda x, y, kind: table(x, y, " ", "version = pdfgetx3\n\n#L Q S\n"),
    "votca.dist.tgt": lambda x, y, kind: table(in_nm(x, kind), y, " ", "", ".", " i"),
    "lammps.rdf": lambda x, y, kind: lammps(x, y),
    "x.EPSR.g01": lambda x, y, kind: table(x, y, " ", "# x.EPSR.g01\n", ".", " 0"),
    "arrays.npz": lambda x, y, kind: npz(x, y),
}
ONLY = {"pdfgetx3.sq": "s", "votca.dist.tgt": "g", "lammps.rdf": "g", "x.EPSR.g01": "g"}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(("system", "shipped"), CURVES, ids=IDS)
def test_every_format_gives_the_same_numbers_bit_for_bit(system, shipped, name, tmp_path):
    kind = shipped.kind
    if ONLY.get(name, kind) != kind:
        return
    file = tmp_path / name
    x, y = shipped.x.tolist(), shipped.value.tolist()
    file.write_bytes(WRITERS[name](x, y, kind))
    found = read_curve(file, kind)
    np.testing.assert_array_equal(found.x, shipped.x)
    np.testing.assert_array_equal(found.value, shipped.value)
    assert found.error is None
    if name == "gromacs.xvg":
        assert any("converted to" in remark for remark in found.remarks)


@pytest.mark.parametrize(("system", "shipped"), CURVES, ids=IDS)
def test_two_columns_are_understood_without_a_word(system, shipped, tmp_path):
    """Names and comments are gone; what is found agrees with what the registry was told."""
    file = tmp_path / "x.dat"
    file.write_bytes(table(shipped.x.tolist(), shipped.value.tolist()))
    density = load_system(system).state.density
    seen = look(file, kind=shipped.kind, density=density)
    assert (seen.form, seen.unit) == (
        shipped.kind,
        {"g": "angstrom", "s": "1/angstrom"}[shipped.kind],
    )
    if np.isfinite(shipped.q_max):
        assert seen.q_max == pytest.approx(shipped.q_max, abs=0.12)
    else:
        assert seen.q_max is None
    if seen.first is not None:
        assert seen.first == pytest.approx(shipped.window[0], abs=0.1)


@pytest.mark.parametrize(("system", "shipped"), CURVES, ids=IDS)
def test_the_function_is_told_by_its_limits(system, shipped, tmp_path):
    density = load_system(system).state.density
    x, v = shipped.x, shipped.value
    shell = 4 * np.pi * density * x
    forms = {"s": v, "s-1": v - 1, "q(s-1)": x * (v - 1)} if shipped.kind == "s" else {
        "g": v, "h": v - 1, "G": shell * (v - 1), "t": shell * v, "rdf": shell * x * v,
    }  # fmt: skip
    for form, written in forms.items():
        file = tmp_path / f"{len(form)}.dat"
        file.write_bytes(table(x.tolist(), written.tolist()))
        assert look(file, kind=shipped.kind, density=density).form == form


def test_the_density_is_read_off_a_curve_that_holds_it(tmp_path):
    argon = load_system("argon-85K")
    curve, density = argon.observations[0], argon.state.density
    for form, written in {
        "G": 4 * np.pi * density * curve.x * (curve.value - 1),
        "rdf": 4 * np.pi * density * curve.x**2 * curve.value,
    }.items():
        file = tmp_path / f"{form}.dat"
        file.write_bytes(table(curve.x.tolist(), written.tolist()))
        seen = look(file, kind="g")
        assert seen.form == form
        assert seen.density == pytest.approx(density, rel=0.01)
        if form == "G":
            odd = look(file, kind="g", density=1.25 * density).remarks
            assert "The slope of its core tells 0.02125 atoms per Å³, not 0.02656." in odd


def test_nanometres_are_noticed_without_a_header(tmp_path):
    argon = load_system("argon-85K")
    for curve, factor, unit in zip(argon.observations, (0.1, 10.0), ("nm", "1/nm"), strict=True):
        file = tmp_path / f"{curve.kind}.dat"
        file.write_bytes(table((factor * curve.x).tolist(), curve.value.tolist()))
        seen = look(file, kind=curve.kind, density=argon.state.density)
        assert seen.unit == unit
        assert f'unit = "{unit}"' in seen.block
        np.testing.assert_allclose(seen.x, curve.x)


WORDS = {"smoothing": None, "damping": None, "abscissa_error": None, "spacing": None}
OF_R = [(name, o) for name, o in CURVES if o.kind == "g"]
SIMULATED = ["gromacs.xvg", "votca.dist.tgt", "lammps.rdf"]


@pytest.mark.parametrize("name", SIMULATED)
def test_nobody_smoothed_what_a_simulation_counted(name, tmp_path):
    """The mean over a cell of width w adds w² f″/24, of a plain table nothing is known."""
    x = np.round(np.arange(0.04, 12.0, 0.08), 2)
    g = np.where(x > 2.4, 1.0 + 2.5 * np.exp(-(((x - 3.0) / 0.4) ** 2)), 0.0)
    g += 0.01 * np.random.default_rng(1).standard_normal(x.size)
    (tmp_path / name).write_bytes(WRITERS[name](x.tolist(), g.tolist(), "g"))
    (tmp_path / "x.csv").write_bytes(table(x.tolist(), g.tolist(), ","))
    counted, plain = (read_curve(tmp_path / each, "g", **WORDS) for each in (name, "x.csv"))
    assert counted.smoothing == pytest.approx(0.08**2 / 24.0)
    assert counted.damping == 0.0
    assert any("counted in a simulation" in remark for remark in counted.remarks)
    assert (plain.smoothing, plain.damping) == (0.003, 1.0)


@pytest.mark.parametrize("name", SIMULATED)
@pytest.mark.parametrize(("system", "shipped"), OF_R, ids=[o.name for _, o in OF_R])
def test_a_measured_curve_stays_one_in_a_file_of_a_simulation(system, shipped, name, tmp_path):
    """It shows where its Fourier integral ends, or readings off a figure."""
    x, y = shipped.x.tolist(), shipped.value.tolist()
    (tmp_path / name).write_bytes(WRITERS[name](x, y, "g"))
    (tmp_path / "x.csv").write_bytes(table(x, y, ","))
    mine, plain = (read_curve(tmp_path / each, "g", **WORDS) for each in (name, "x.csv"))
    for key in ("smoothing", "damping", "q_max", "lorch", "window", "spacing", "abscissa_error"):
        assert getattr(mine, key) == pytest.approx(getattr(plain, key)), key
