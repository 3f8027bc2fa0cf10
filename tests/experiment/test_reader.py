"""A user's own CSV: what is read, and what is refused with file and line."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sopr_uq.errors import InputError
from sopr_uq.experiment import read_curve
from sopr_uq.experiment.matrix import read_matrix

ROWS = "3.0,0.1\n3.5,2.0\n4.0,1.5\n5.0,0.8\n7.0,1.05\n9.0,1.0\n"
GOOD = "# liquid\nr_angstrom,g\n" + ROWS


@pytest.fixture
def csv(tmp_path):
    """Write a file and return its path."""

    def write(content):
        path = tmp_path / "my_gr.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_plain_curve(csv):
    curve = read_curve(csv(GOOD), "g")
    np.testing.assert_array_equal(curve.x, [3.0, 3.5, 4.0, 5.0, 7.0, 9.0])
    np.testing.assert_array_equal(curve.value, [0.1, 2.0, 1.5, 0.8, 1.05, 1.0])
    assert curve.error is None
    assert curve.name == "my_gr.csv"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace(",", " ,\t"),
        lambda text: text.replace("\n", "  # note\n\n"),
    ],
    ids=["windows", "old-mac", "byte-order-mark", "spaces", "comments-and-blank-lines"],
)
def test_habits_of_editors_change_nothing(csv, change):
    plain, changed = read_curve(csv(GOOD), "g"), read_curve(csv(change(GOOD)), "g")
    np.testing.assert_array_equal(plain.x, changed.x)
    np.testing.assert_array_equal(plain.value, changed.value)


def test_errors_and_order_of_columns(csv):
    rows = "".join(f"{0.05 + i},{1.0},{2.0 + i}\n" for i in range(5))
    curve = read_curve(csv("error,s,q_inverse_angstrom\n" + rows), "s")
    np.testing.assert_allclose(curve.error, [0.05, 1.05, 2.05, 3.05, 4.05])
    np.testing.assert_array_equal(curve.x, [2, 3, 4, 5, 6])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected rows of numbers, with or without a header; found an empty file"),
        ("# only this\n", "found an empty file"),
        ("r_angstrom,g\n", "line 1: expected rows of at least two numbers"),
        ("r_angstrom,g\n" + ROWS[:16], "at least 5 rows of numbers; found 2"),
        ("r_angstrom,s,q_inverse_angstrom\n" + ROWS, "line 1: expected 2 names, one for each"),
        ("r_angstrom,g_a,g_b\n" + ROWS.replace("\n", ",1\n"), "columns = [1, 2]"),
        ("q_inverse_angstrom,s\n" + ROWS, 'Try: kind = "s"'),
        ("r_furlong,g\n" + ROWS[:16] + "4,x\n", "line 4, g: expected a number"),
        (GOOD.replace("1.5", "x1.5"), "line 5, g: expected a number; found 'x1.5'"),
        (GOOD.replace("1.5", "1_5"), "line 5, g: expected a number; found '1_5'"),
        (GOOD.replace("1.5", "nan"), "line 5, g: expected a finite number"),
        (GOOD.replace("1.5", "1e999"), "line 5, g: expected a finite number"),
        (GOOD.replace("1.5", "1.5,7"), "line 5: expected 2 numbers; found 3 cells: '4.0,1.5,7'"),
        (GOOD.replace("1.5", ""), "line 5: expected 2 numbers; found 1 cells: '4.0,'"),
        (GOOD.replace("3.0,", "-3.0,"), "line 3, r_angstrom: expected a number that is not neg"),
        (
            GOOD.replace("4.0,", "3.2,"),
            "line 5, r_angstrom: expected more than 3.5, the row before",
        ),
        (GOOD.replace("4.0,", "3.5,"), "sort the rows and remove repeated ones"),
        (b"r_angstrom,g\n3.0,0.\xe5\n", "line 2: expected text in UTF-8; found byte 0xe5"),
        (GOOD.encode("utf-16"), "expected text in UTF-8; found byte 0xff"),
        (
            "r_angstrom,g,error\n" + ROWS.replace("\n", ",0.1\n").replace("1.5,0.1", "1.5,0"),
            "line 4, error: expected a positive number; found 0",
        ),
        ("3,0,0,1\n4,0,1,2\n5,0,1,1\n6,0,1,0\n7,0,1,0\n", "decimal commas or commas between"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(csv, content, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read_curve(csv(content), "g")
    assert "my_gr.csv" in str(caught.value)


def test_missing_and_unreadable_files(tmp_path):
    with pytest.raises(InputError, match=r"nothing.csv: expected a readable file; found No such"):
        read_curve(tmp_path / "nothing.csv", "g")
    with pytest.raises(InputError, match=r"expected a readable file; found Is a directory"):
        read_curve(tmp_path, "g")
    with pytest.raises(InputError, match="expected a readable file"):
        read_curve("a\0b", "g")


def test_a_file_other_than_the_recorded_one_is_refused(csv):
    with pytest.raises(InputError, match="SHA-256"):
        read_curve(csv(GOOD), "g", sha256="0" * 64)


def test_covariance_matrix(csv, tmp_path):
    matrix = tmp_path / "cov.csv"
    expected = 0.01 * np.eye(6) + 0.005
    np.savetxt(matrix, expected, delimiter=",")
    curve = read_curve(csv(GOOD), "g", covariance=matrix)
    np.testing.assert_allclose(curve.covariance, expected)
    with pytest.raises(InputError, match="expected 4 rows and columns"):
        read_matrix(matrix, 4)
    matrix.write_text("\n".join(matrix.read_text().splitlines()[:-1]))
    with pytest.raises(InputError, match="expected 6 rows and columns, one for each"):
        read_curve(csv(GOOD), "g", covariance=matrix)


def test_the_window_belongs_to_the_curve(csv):
    curve = read_curve(csv(GOOD), "g", window=(3.2, 6.0))
    np.testing.assert_array_equal(curve.windowed().x, [3.5, 4.0, 5.0])
    with pytest.raises(InputError, match="leaves nothing"):
        read_curve(csv(GOOD), "g", window=(10.0, 12.0))


ALPHABET = st.sampled_from(
    [*list("0123456789.,-+eEnaif_#\n\r \t;\"'rg"), "\x00", "é", "１", "r_angstrom,g\n"]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(st.binary(max_size=200), st.lists(ALPHABET, max_size=80).map("".join)))
def test_no_bytes_raise_anything_but_an_input_error(csv, noise):
    body = noise if isinstance(noise, bytes) else noise.encode()
    for content in (body, b"r_angstrom,g\n" + body, GOOD.encode() + body):
        try:
            curve = read_curve(csv(content), "g")
        except InputError:
            continue
        assert np.all(np.diff(curve.x) > 0)
        assert np.isfinite(curve.value).all()


@pytest.mark.parametrize("columns", [[1], [1, 2, 3, 4]])
def test_two_columns_are_named_or_three(csv, columns):
    rows = "".join(f"{2 + i},{1.0},{0.1},{0.1}\n" for i in range(5))
    with pytest.raises(InputError, match=r"columns: expected r.*perhaps its error"):
        read_curve(csv("r,g,a,b\n" + rows), "g", columns=columns)


@pytest.mark.parametrize("window", [None, (0.0, 12.0)])
def test_no_pair_is_at_zero(csv, window):
    """A window of one's own may begin there; noise that goes as 1/r may not."""
    found = read_curve(
        csv(GOOD.replace("3.0,0.1", "0.0,0.0\n3.0,0.1")), "g", window=window, q_max=9
    )
    assert found.windowed().x[0] == 3.0
    assert np.isfinite(found.windowed().noise_shape).all()
    beam = read_curve(csv(GOOD.replace("r_angstrom,g", "q,s").replace("3.0,0.1", "0.0,0.1")), "s")
    assert beam.windowed().x[0] == 0.0
