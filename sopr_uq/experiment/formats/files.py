"""From a file to its table: which reader is the right one."""

from __future__ import annotations

from pathlib import Path

from sopr_uq.disk import read_bytes
from sopr_uq.errors import InputError
from sopr_uq.experiment.formats.arrays import is_arrays, read_arrays
from sopr_uq.experiment.formats.delimited import read_delimited
from sopr_uq.experiment.formats.epsr import is_epsr, read_epsr
from sopr_uq.experiment.formats.gudrun import is_gudrun, read_gudrun
from sopr_uq.experiment.formats.lammps import is_lammps, read_lammps
from sopr_uq.experiment.formats.lammps_table import is_lammps_table, read_lammps_table
from sopr_uq.experiment.formats.pdf import is_pdf, read_pdf
from sopr_uq.experiment.formats.table import Table
from sopr_uq.experiment.formats.text import Text, read_text
from sopr_uq.experiment.formats.votca import is_votca, read_votca
from sopr_uq.experiment.formats.xvg import is_xvg, read_xvg


def read_file(path: Path | str) -> Table:
    """Read a file of numbers, whatever program wrote it.

    Parameters
    ----------
    path : Path or str
        Its content decides what it is, and its suffix where content cannot.

    Raises
    ------
    InputError
        If it cannot be read, or holds no table; names file and line.
    """
    path = Path(path)
    try:
        content = read_bytes(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(str(path), "a readable file", reason) from None
    return read_content(str(path), content)


def read_content(name: str, content: bytes) -> Table:
    """Read the bytes of a file; ``name`` is for its suffix and for messages."""
    if is_arrays(content):
        return read_arrays(name, content)
    return _read_text(name, read_text(name, content))


def _read_text(name: str, text: Text) -> Table:
    """Return the table of the first format that recognises the text."""
    if is_epsr(name):
        return read_epsr(name, text)
    if is_gudrun(name.casefold()):
        return read_gudrun(name.casefold(), text)
    if is_xvg(name, text):
        return read_xvg(text)
    if is_lammps(text):
        return read_lammps(text)
    if is_lammps_table(text):
        return read_lammps_table(text)
    if is_votca(text):
        return read_votca(name, text)
    if is_pdf(name, text):
        return read_pdf(name, text)
    return read_delimited(text)
