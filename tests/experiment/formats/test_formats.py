"""Text written by hand to the documented layout of each program: what is read from it."""

import io
import zipfile

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment.formats.files import read_content

R = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
G = np.array([0.0, 0.25, 2.5, 1.25, 0.75, 1.0])


def read(name, text):
    return read_content(name, text if isinstance(text, bytes) else text.encode())


def quantities(table):
    return [column.quantity for column in table.columns]


def rows(separator=" ", form="{:g}"):
    return "".join(separator.join(form.format(c) for c in row) + "\n" for row in zip(R, G))  # noqa: B905


def comma(text):
    return text.replace(".", ",")


PLAIN = {
    "csv": rows(","),
    "csv-header": "r_angstrom,g\n" + rows(","),
    "tsv": "r\tg(r)\n" + rows("\t"),
    "blanks": rows("   "),
    "semicolons": "r;g\n" + rows(";"),
    "decimal-commas": "r;g\n" + comma(rows(";")),
    "decimal-commas-blanks": comma(rows(" ")),
    "decimal-commas-tabs": comma(rows("\t")),
    "spaces-after-commas": rows(", "),
    "commas-at-the-end": rows(",").replace("\n", ",\n"),
    "quotes": '"r","g"\n' + rows(","),
    "hash": "# r g(r)\n" + rows(),
    "percent": "% r  g\n" + rows(),
    "exclamation": "! made by hand\n" + rows(),
    "semicolon-comment": "; made by hand\n; r g\n" + rows(","),
    "at": "@ title\n@ r g\n" + rows(",").replace(",", " "),
    "block": "/* made\n by hand, 1 2\n*/\n" + rows(","),
    "block-in-between": rows(",").replace("2,", "/* 7,7 */2,", 1),
    "trailing": rows(",").replace("\n", "  # note\n"),
    "bom": "\ufeffr,g\n" + rows(","),
    "windows": rows(",").replace("\n", "\r\n"),
    "old-mac": rows(",").replace("\n", "\r"),
    "blank-lines": rows(",").replace("\n", "\n\n"),
    "fortran": rows(" ", "{:.6E}").replace("E", "D"),
    "fortran-small": rows(" ", "{:.6e}").replace("e+00", "d0"),
    "title": "Liquid argon at 85 K\nr g\n" + rows(),
    "latin-1-comment": b"# r in \xc5\n" + rows(",").encode(),
    "unit-in-brackets": "r [\u00c5],g(r)\n" + rows(","),
}


@pytest.mark.parametrize("layout", PLAIN)
def test_columns_of_numbers_are_the_same_however_they_are_written(layout):
    table = read("curve.dat", PLAIN[layout])
    np.testing.assert_array_equal(table.values[:, 0], R)
    np.testing.assert_array_equal(table.values[:, 1], G)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("r_angstrom,g,error", [("r", "angstrom"), ("g", ""), ("error", "")]),
        ("r (nm),RDF,err", [("r", "nm"), ("g", ""), ("error", "")]),
        ("r / Å,g(r),dg", [("r", "angstrom"), ("g", ""), ("error", "")]),
        ("Q(1/nm),S(Q),dS", [("q", "1/nm"), ("s", ""), ("error", "")]),
        ("q_inverse_angstrom,S(Q)-1,std", [("q", "1/angstrom"), ("s-1", ""), ("error", "")]),
        ("Q [Å⁻¹],Q(S-1),sd", [("q", "1/angstrom"), ("q(s-1)", ""), ("error", "")]),
        ("r,G(r),dr", [("r", ""), ("G", ""), ("other", "")]),
        ("r / pm,g(r),u(g)", [("r", "pm"), ("g", ""), ("error", "")]),
        ("Q,S(Q),sigma(S)", [("q", ""), ("s", ""), ("error", "")]),
        ("r,u(r),f(r)", [("r", ""), ("potential", ""), ("force", "")]),
        ("r,g_OO,error_OO", [("r", ""), ("g", ""), ("error", "")]),
        ("distance,h(r),coordination", [("r", ""), ("h", ""), ("other", "")]),
        ("r_angstrom,v_kcal_per_mol,force", [("r", "angstrom"), ("potential", "kcal/mol"),
                                             ("force", "")]),
        ("alpha,beta,gamma", [("", ""), ("", ""), ("", "")]),
    ],
)  # fmt: skip
def test_what_names_of_columns_say(header, found):
    table = read("x.csv", header + "\n" + "".join(f"{a},{b},0.1\n" for a, b in zip(R, G)))  # noqa: B905
    assert [(c.quantity, c.unit) for c in table.columns] == found


def test_gromacs_rdf():
    text = (
        "# gmx rdf is part of G R O M A C S:\n"
        '@    title "Radial distribution"\n@    xaxis  label "r (nm)"\n'
        '@    yaxis  label "g(r)"\n@TYPE xy\n@ s0 legend "Ar"\n' + rows("    ") + "&\n1 1\n2 2\n"
    )
    table = read("rdf.xvg", text)
    assert table.format == "GROMACS .xvg"
    assert (table.columns[0].quantity, table.columns[0].unit) == ("r", "nm")
    assert table.columns[1].quantity == "g"
    np.testing.assert_array_equal(table.values, np.stack([R, G], axis=1))


def test_gromacs_several_groups_keep_their_names():
    text = (
        '@ xaxis  label "r (nm)"\n@ yaxis  label "g(r)"\n'
        '@ s0 legend "O"\n@ s1 legend "H"\n' + rows().replace("\n", " 1.0\n")
    )
    table = read("rdf.xvg", text)
    assert [c.name for c in table.columns] == ["r (nm)", "O", "H"]
    assert quantities(table) == ["r", "g", "g"]


def test_gromacs_potential():
    table = read("table.xvg", "".join(f"{r} 0 0 0 0 {g} 1\n" for r, g in zip(R, G)))  # noqa: B905
    assert quantities(table)[5] == "potential"
    assert table.columns[5].unit == "kJ/mol"


PDF = """[DEFAULT]
version = pdfgetx3 2.2.1

# input and output specifications
dataformat = QA
inputfile = ni.chi
outputtype = {kind}

# PDF calculation setup
mode = xray
composition = Ni
qmaxinst = 26.5
qmin = 0.8
qmax = 25.0
rmin = 0.0
rstep = 0.01

# End of config --------------------------------------------------------------
#### start data

#S 1
#L {labels}
"""


@pytest.mark.parametrize(
    ("kind", "labels", "found"),
    [
        ("gr", r"r($\AA$)  G($\AA^{-2}$)", ["r", "G"]),
        ("sq", r"Q($\AA^{-1}$)  S", ["q", "s"]),
        ("fq", r"Q($\AA^{-1}$)  F($\AA^{-1}$)", ["q", "q(s-1)"]),
    ],
)
def test_pdfgetx3(kind, labels, found):
    table = read(f"ni.{kind}", PDF.format(kind=kind, labels=labels) + rows())
    assert quantities(table) == found
    assert table.facts["qmax"] == "25.0"
    assert table.columns[0].unit == ("angstrom" if kind == "gr" else "1/angstrom")
    np.testing.assert_array_equal(table.values[:, 1], G)


def test_pdfgetn_with_errors():
    text = "#### PDFgetN\n# qmax=30.00 qmin=0.9\n#L r G(r) dr dG(r)\n" + "".join(
        f"{r} {g} 0.0 0.1\n"
        for r, g in zip(R, G)  # noqa: B905
    )
    assert quantities(read("x.gr", text)) == ["r", "G", "other", "error"]


def gudrun():
    head = "# SLS12345.mint01\n#   13   2000\n#    0\n"
    edges = [*(R - 0.25), 3.25]
    values, errors = [*G, 0.0], [0.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.0]
    body = zip(edges, values, errors, strict=True)
    return head + "".join(f"  {a:.6E}  {b:.6E}  {c:.6E}\n" for a, b, c in body)


@pytest.mark.parametrize("suffix", ["mint01", "mdcs01", "msubw01"])
def test_gudrun_takes_edges_to_centres_and_drops_rows_without_error(suffix):
    table = read(f"SLS12345.{suffix}", gudrun())
    assert table.columns[0].quantity == "q"
    assert table.columns[2].quantity == "error"
    np.testing.assert_allclose(table.values[:, 0], R[1:])
    np.testing.assert_allclose(table.values[:, 1], G[1:])
    assert any("left edge" in remark for remark in table.remarks)
    assert any("error of zero" in remark for remark in table.remarks)


def test_gudrun_in_r():
    table = read("SLS12345.mgor01", gudrun())
    assert table.columns[0].quantity == "r"
    assert table.values[0, 0] == 0.75


def test_epsr():
    text = "# water.EPSR.g01\n# 1  2\n" + "".join(
        f"{r} {g} 0.01 {2 * g} 0.02\n"
        for r, g in zip(R, G)  # noqa: B905
    )
    table = read("water.EPSR.g01", text)
    assert quantities(table) == ["r", "g", "error", "g", "error"]
    assert [c.name for c in table.columns] == ["r", "g1", "error1", "g2", "error2"]
    assert quantities(read("water.EPSR.f01", text))[:3] == ["q", "s-1", "error"]
    assert quantities(read("water.EPSR.u01", text))[:3] == ["q", "", "error"]


def test_dissolve():
    table = read("OW-OW.rdf", "# OW-OW intermolecular\n# r  g(r)\n" + rows("  "))
    assert quantities(table) == ["r", "g"]


def test_votca_leaves_out_what_is_undefined():
    table = read("A-A.dist.tgt", "0.0 0.0 u\n" + rows().replace("\n", " i\n") + "9 9 o\n")
    assert table.columns[0].unit == "nm"
    np.testing.assert_array_equal(table.values[:, 1], G)
    assert "2 rows flagged" in table.remarks[0]
    potential = read("A-A.pot.new", rows().replace("\n", " i\n"))
    assert (potential.columns[1].quantity, potential.columns[1].unit) == ("potential", "kJ/mol")


def lammps(blocks):
    head = (
        "# Time-averaged data for fix 2\n# TimeStep Number-of-rows\n"
        "# Row c_myRDF[1] c_myRDF[2] c_myRDF[3]\n"
    )
    for k in range(blocks):
        head += f"{1000 * k} {R.size}\n"
        head += "".join(f"{i + 1} {R[i]} {G[i] + (blocks - 1 - k)} {i}\n" for i in range(R.size))
    return head


@pytest.mark.parametrize("blocks", [1, 3])
def test_lammps_reads_the_last_block(blocks):
    table = read("tmp.rdf", lammps(blocks))
    assert quantities(table) == ["other", "r", "g", "other"]
    np.testing.assert_array_equal(table.values[:, 2], G)
    assert len(table.remarks) == (blocks > 1)


def test_lammps_cut_in_the_middle_of_a_block():
    cut = "\n".join(lammps(2).splitlines()[:-2])
    np.testing.assert_array_equal(read("tmp.rdf", cut).values[:, 2], G + 1)
    with pytest.raises(InputError, match="without a whole block"):
        read("tmp.rdf", "\n".join(lammps(1).splitlines()[:-2]))


def test_lammps_pair_table():
    body = "".join(f"{i + 1} {R[i]} {G[i]} 0.0\n" for i in range(R.size))
    text = "# DATE: 2026 UNITS: real\n\nAR_AR\nN 6 R 0.5 3.0\n\n" + body + "\nOTHER\nN 2\n\n"
    table = read("ar.table", text)
    assert quantities(table) == ["other", "r", "potential", "force"]
    assert len(table.lines) == 6
    assert [c.unit for c in table.columns[2:]] == ["kcal/mol", "kcal/mol/angstrom"]
    metal = read("ar.table", text.replace("UNITS: real", "UNITS: metal"))
    assert [c.unit for c in metal.columns[2:]] == ["eV", "eV/angstrom"]
    untold = read("ar.table", text.replace("UNITS: real", "by hand"))
    assert untold.columns == table.columns
    with pytest.raises(InputError, match=r"line 1.*real, metal.*lj"):
        read("ar.table", text.replace("UNITS: real", "UNITS: lj"))
    with pytest.raises(InputError, match="6 rows below"):
        read("ar.table", "X\nN 6 R 0.5 3.0\n1 0.5 1 1\n")


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_numpy_archives():
    """As freud's bin_centers and rdf, or MDAnalysis' results.bins and results.rdf, are saved."""
    for names in (("bins", "rdf"), ("bin_centers", "rdf"), ("r", "g"), ("x", "y")):
        table = read("rdf.npz", npz(**dict(zip(names, (R, G), strict=True))))
        np.testing.assert_array_equal(table.values, np.stack([R, G], axis=1))
    table = read("rdf.npz", npz(rdf=G, bins=R))
    assert quantities(table) == ["r", "g"]
    stream = io.BytesIO()
    np.save(stream, np.stack([R, G]))
    np.testing.assert_array_equal(read("rdf.npy", stream.getvalue()).values[:, 1], G)


def test_numpy_archives_that_are_dangerous_or_odd():
    objects = npz(r=np.array([{}, {}], dtype=object), g=G)
    with pytest.raises(InputError, match="an array of object"):
        read("x.npz", objects)
    with pytest.raises(InputError, match="two arrays of one length"):
        read("x.npz", npz(r=R, g=G[1:]))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("r.npy", b"\0" * (2 * 10**8))
    with pytest.raises(InputError, match="100 MB when unpacked"):
        read("x.npz", bomb.getvalue())
    with pytest.raises(InputError, match="as numpy"):
        read("x.npz", npz(r=R, g=G)[:200])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty file"),
        ("hello\nworld\n", "line 2: expected rows of at least two numbers"),
        ("1 2\n3 4 5\n", "line 2: expected 2 numbers; found 3 cells"),
        ("1,2\n3,x\n", "line 2, column 2: expected a number; found 'x'"),
        ("a,b\n1,2\n3,\n", "line 3: expected 2 numbers; found 1 cells"),
        ("1,2\n3,4\nEND\n", "line 3: expected 2 numbers; found 1 cells"),
        ("a,b,c\n1,2\n3,4\n", "line 1: expected 2 names, one for each column"),
        ("3,0,1,5\n4,0,2,1\n", "decimal commas or commas between the columns"),
    ],
)
def test_what_is_no_table_is_named_with_its_line(text, message):
    with pytest.raises(InputError, match=message) as caught:
        read("bad.dat", text)
    assert "bad.dat" in str(caught.value)
