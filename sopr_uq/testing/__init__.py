"""Checkers for engines, observables, rules, priors and formats: those that the package's own pass.

Each takes what was made and raises :class:`AssertionError`, which says what a protocol asks and
what was found instead. They are for tests of one's own classes, wherever those are defined.

- :func:`check_engine`: shapes, seeds, errors, and the law of a thin gas.
- :func:`check_quantity`: a prediction, and its change with the potentials against differences.
- :func:`check_property`: readings of runs.
- :func:`check_rule`: pure steps, posteriors, and that the right potential is a fixed point.
- :func:`check_prior`: draws and expansions about points.
- :func:`check_format`: a reader of files, and that no damage to one escapes it.
"""

from sopr_uq.testing.engines import check_engine
from sopr_uq.testing.formats import check_format
from sopr_uq.testing.observables import check_property, check_quantity
from sopr_uq.testing.priors import check_prior
from sopr_uq.testing.rules import check_rule

__all__ = [
    "check_engine",
    "check_format",
    "check_prior",
    "check_property",
    "check_quantity",
    "check_rule",
]
