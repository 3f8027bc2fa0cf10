"""Files as programs of this field write them: one small reader a format, text → table.

A reader knows the layout of its format and nothing of physics: it returns the
numbers with a guess of what the columns are (:class:`Table`). What a curve
means is said one floor up, in :mod:`sopr_uq.experiment.curve`.
"""

from sopr_uq.experiment.formats.files import read_file
from sopr_uq.experiment.formats.table import FEWEST_ROWS, Column, Table

__all__ = ["FEWEST_ROWS", "Column", "Table", "read_file"]
