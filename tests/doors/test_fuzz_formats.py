"""Files of every format, whole and damaged: a table or a clear error, in a moment."""

import io
import math
import runpy
from contextlib import suppress
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.errors import InputError
from sopr_uq.experiment import read_curve
from sopr_uq.experiment.formats.files import read_content
from sopr_uq.experiment.formats.write import WRITERS, Rows
from sopr_uq.experiment.look import look
from sopr_uq.experiment.potential_table import read_potential
from sopr_uq.experiment.quantities import FACTORS, convert

SHARED = runpy.run_path(str(Path(__file__).with_name("fuzzing.py")))
CASES, fuzz, damaged = SHARED["CASES"], SHARED["fuzz"], SHARED["damaged"]
check_words, in_a_moment = SHARED["check_words"], SHARED["in_a_moment"]

STEP = 0.1
LENGTHS = st.integers(5, 120)
SEPARATORS = st.sampled_from([",", ";", "\t", " ", "   ", " , ", ", "])
HEADS = st.sampled_from(
    [
        *("", "r,g\n", "# r g\n", "% x\n", "r (nm) g(r)\n", "Liquid 1 2\n", "/* r */\n"),
        *("@ s0\n", "Q;S\n"),
    ]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", " \n", ",\n", " # c\n"])
NAMES = st.sampled_from(
    [
        *("a.csv", "a.dat", "a.txt", "a.xvg", "a.gr", "a.sq", "a.fq", "a.mint01", "a.mdcs01"),
        *("a.mgor01", "a.EPSR.g01", "a.EPSR.u01", "a.dist.tgt", "a.pot.cur", "a.rdf", "a.npz"),
        *("a.table", "a", ".", "a.EPSR.zz9", "a.mint0x"),
    ]
)
PIECES = st.sampled_from(
    [
        *("1 2\n", "3 4 5\n", "1,2\n", "1;2\n", "1,5;2,5\n", "nan 1\n", "1e999 1\n", "1 2 i\n"),
        *("3 4 u\n", "100 3\n", "1 0.1 0 0\n", "X\nN 3 R 1 2\n", "N 999999999999 R\n", "@ s0\n"),
        *('@ xaxis label "r (nm)"\n', "&\n", "#L r G\n", "qmax = 25\n", "[DEFAULT]\n", "/*", "*/"),
        *("# Time-averaged data for fix 1\n", "# TimeStep Number-of-rows\n", "9" * 400 + "\n"),
        *("-", "\0", "é", "\u2028", "r_angstrom,g\n", "1D-3 2D0\n", "1.0-300 2\n", "PK\x03\x04"),
        *("version = pdfgetx3\n", "# pdfgetx3\n", "1/2\n", "(" * 50 + "\n", "a" * 3000 + "\n"),
    ]
)


def values(draw, kind):
    n = draw(LENGTHS)
    x = [STEP * (i + 1) for i in range(n)]
    wave = draw(st.sampled_from([0.0, 0.1, 1.0, 1e6]))
    level = draw(st.sampled_from([0.0, 1.0, -1.0, 1e-3]))
    core = draw(st.sampled_from([0, n // 4, n]))
    y = [level + wave * math.sin(7 * v) * math.exp(-v) for v in x]
    y[:core] = [draw(st.sampled_from([0.0, -1.0, math.nan]))] * core
    return x, y


@st.composite
def written(draw):
    """A table in one of the layouts, with a head and a column more or less."""
    x, y = values(draw, "g")
    mark, end = draw(SEPARATORS), draw(ENDS)
    columns = [x, y, *[[draw(st.floats(-1, 1))] * len(x) for _ in range(draw(st.integers(0, 3)))]]
    rows = [mark.join(f"{c:.8g}" for c in row) for row in zip(*columns, strict=True)]
    text = draw(HEADS) + end.join(rows) + end
    if draw(st.integers(0, 4)) == 0:
        text = text.replace(".", ",")
    return text.encode()


@st.composite
def archives(draw):
    x, y = values(draw, "g")
    stream = io.BytesIO()
    kind = draw(st.sampled_from(["two", "square", "object", "uneven", "text", "npy"]))
    if kind == "npy":
        np.save(stream, np.array([x, y]))
    else:
        np.savez(
            stream,
            **{
                "two": {"r": x, "g": y},
                "square": {"a": np.array([x, y])},
                "object": {"r": np.array([None, {}], dtype=object)},
                "uneven": {"r": x, "g": y[1:]},
                "text": {"r": np.array(["a", "b"])},
            }[kind],
        )
    return damaged(stream.getvalue(), draw) if draw(st.booleans()) else stream.getvalue()


@st.composite
def exported(draw):
    n = draw(LENGTHS)
    r = np.linspace(2.0, 10.0, n)
    curve = Rows(r, 4 * ((3.4 / r) ** 12 - (3.4 / r) ** 6), np.zeros(n))
    text = draw(st.sampled_from(list(WRITERS.values()))).write("A", "note", curve).encode()
    return damaged(text, draw) if draw(st.booleans()) else text


CONTENTS = st.one_of(
    written(), archives(), exported(), st.binary(max_size=300),
    st.lists(PIECES, max_size=20).map(lambda parts: "".join(parts).encode("utf-8")),
)  # fmt: skip


def asked(question):
    """Ask; only an input error in plain words may come out."""
    with in_a_moment():
        try:
            return question()
        except InputError as error:
            check_words(error)
        return None


@fuzz(CASES)
@given(content=CONTENTS, name=NAMES)
def test_every_reader(content, name):
    table = asked(lambda: read_content(name, content))
    if table is not None:
        assert table.values.shape == (len(table.lines), len(table.columns))


@fuzz(CASES)
@given(content=CONTENTS, name=NAMES, kind=st.sampled_from(["g", "s"]), data=st.data())
def test_curves_potentials_and_looks(tmp_path, content, name, kind, data):
    if name == ".":
        name = "dot"
    file = tmp_path / name
    file.write_bytes(content)
    columns = data.draw(st.sampled_from([None, [1, 2], [2, 1], ["r", "g"], [1, 9], [0, 0]]))
    unit = data.draw(st.sampled_from([None, "nm", "1/nm", "furlong"]))
    curve = asked(lambda: read_curve(file, kind, columns=columns, unit=unit))
    if curve is not None:
        assert np.isfinite(curve.value).all()
        assert np.all(np.diff(curve.x) > 0)
    potential = asked(lambda: read_potential(file))
    if potential is not None:
        assert np.isfinite(potential[1]).all()
    density = data.draw(st.sampled_from([None, 0.02, 1e-9, 1e5]))
    seen = asked(lambda: look(file, kind=kind, columns=columns, density=density))
    if seen is not None:
        assert seen.block.startswith("[[observe]]")


@fuzz(CASES)
@given(
    number=st.one_of(st.floats().map(str), st.text("0123456789.eE+-", max_size=12)),
    unit=st.one_of(
        st.sampled_from([u for units in FACTORS.values() for u in units]), st.text(max_size=6)
    ),
    quantity=st.sampled_from(list(FACTORS)),
    mass=st.sampled_from([None, 39.948]),
)
def test_values_with_units(number, unit, quantity, mass):
    with in_a_moment():
        found = None
        with suppress(ValueError):
            found = convert(f"{number} {unit}", quantity, mass)
        assert found is None or isinstance(found, float | str)
