"""Whether the numbers among the data agree with all the rest, and what each of them fixes.

Everything being Gaussian at one θ, what the posterior would be without some of the data is
known in closed form. With S the whole covariance of the data y, prior of the potential included,
A = S⁻¹, and C the covariance of some number of the posterior with the data, leaving out the data J

- predicts y_J by y_J − A_JJ⁻¹ (A y)_J with the covariance A_JJ⁻¹, errors of y_J included;
- moves the number by −W A_JJ⁻¹ (A y)_J and widens its variance by W A_JJ⁻¹ Wᵀ, W = (C A)_J

(Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), eqs 5.10–5.12, for a block).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy import stats

from sopr_uq.experiment.kinds import KINDS, KindName
from sopr_uq.experiment.observation import Observation
from sopr_uq.inference.linear_gaussian import reading_effect
from sopr_uq.potentials.descriptors import Descriptors
from sopr_uq.refine.newton.budget import Whitened, descriptor_gradient
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.data import independent
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray

CONFLICT = 3.0
"""Standard deviations by which a number misses what all others expect of it that are no chance."""


class Datum(NamedTuple):
    """A number among the data: what it is called, and where it stands."""

    name: str
    row: int
    observation: Observation


class Without(NamedTuple):
    """What the posterior would be without some data."""

    expected: FloatArray
    """What it expects of them, shape (j,)."""
    covariance: FloatArray
    """Of what is measured about that, shape (j, j)."""
    moved: FloatArray
    """By how much they move k numbers of it, shape (k,)."""
    narrowed: FloatArray
    """By how much they narrow the variances of those, shape (k,)."""


@dataclass(frozen=True)
class CaseDeletion:
    """The posterior of a fit without some of its data.

    Parameters
    ----------
    conditioner : Conditioner
    fit : Fit
    gradient : array, shape (k, p)
        Of numbers of the posterior with the coefficients of the potential.

    References
    ----------
    R. D. Cook, Technometrics 19, 15 (1977), for a linear model.
    """

    conditioner: Conditioner
    fit: Fit
    gradient: FloatArray

    def without(self, rows: Sequence[int]) -> Without:
        """Return it without these rows of the data."""
        whitened, model = Whitened(self.conditioner, self.fit), self.fit.model
        columns = whitened.columns["potential"]
        inverse = np.linalg.inv(sum(whitened.covariances.values()) + columns @ columns.T)
        reading = self.fit.theta.reading[model.level]
        y = model.residual - reading_effect(model.slope, model.bend, reading)[0]
        index = list(rows)
        covariance = np.linalg.inv(inverse[np.ix_(index, index)])
        surprise = covariance @ (inverse @ y)[index]
        weight = (self.gradient @ columns.T @ inverse)[:, index]
        return Without(
            self.conditioner.stacked.value[index] - surprise,
            covariance,
            weight @ surprise,
            np.sum((weight @ covariance) * weight, axis=1),
        )


def agreement(conditioner: Conditioner, fit: Fit) -> xr.Dataset:
    """Return for every number what the posterior without it says, and what it adds.

    Where diffusion and viscosity are both data, an entry ``dynamics`` leaves out all of them.

    Returns
    -------
    Dataset
        ``measured``, ``expected``, ``expected_sd`` (errors of what was measured included) and
        ``z`` (datum), ``sd`` (descriptor), ``sd_without``, ``moved`` (datum, descriptor), these of
        a mixture with a dimension ``pair``. The attribute ``doubt`` names conflicts between
        structure and motion, ``warning`` those with a pressure. Without any number there is
        nothing in it.
    """
    problem, data = conditioner.problem, list(numbers(conditioner.problem))
    if not data:
        return xr.Dataset()
    gradient = descriptor_gradient(conditioner, fit)
    deletion = CaseDeletion(conditioner, fit, gradient.reshape(-1, gradient.shape[-1]))
    sd = np.sqrt(sum(Whitened(conditioner, fit).parts(deletion.gradient).values()))
    each = [_row(deletion, [datum], sd) for datum in data]
    motion = [datum for datum in data if datum.observation.logarithmic]
    if len(motion) > 1:
        each.append(_row(deletion, motion, sd))
    return _labelled(problem, each, sd, gradient.shape[:2])


def numbers(problem: Problem) -> Iterator[Datum]:
    """Yield the numbers among the data of a problem in order, each by a name of its own."""
    row, seen = 0, Counter[str]()
    for place, liquid in enumerate(problem.liquids, 1):
        for o in liquid.observations:
            if not o.is_curve:
                name = o.name if place == 1 else f"{o.name}, state {place}"
                seen[name] += 1
                yield Datum(name if seen[name] == 1 else f"{name} ({seen[name]})", row, o)
            row += independent(o).x.size


class _Row(NamedTuple):
    name: str
    of: tuple[KindName, ...]
    unit: str
    measured: float
    expected: float
    expected_sd: float
    z: float
    sd_without: FloatArray
    moved: FloatArray


def _row(deletion: CaseDeletion, data: Sequence[Datum], sd: FloatArray) -> _Row:
    found = deletion.without([datum.row for datum in data])
    rest = (np.sqrt(sd**2 + found.narrowed), found.moved)
    value = deletion.conditioner.stacked.value[[datum.row for datum in data]]
    of = tuple(datum.observation.kind for datum in data)
    miss = value - found.expected
    if len(data) > 1:
        chi2 = float(miss @ np.linalg.solve(found.covariance, miss))
        # as many standard deviations as a single number of that probability would be off
        z = float(stats.norm.isf(0.5 * stats.chi2.sf(chi2, len(data))))
        return _Row("dynamics", of, "1", np.nan, np.nan, np.nan, z, *rest)
    (datum,), error = data, float(np.sqrt(found.covariance[0, 0]))
    o, expected = datum.observation, float(found.expected[0])
    unit, measured, z = o.unit, float(o.value[0]), float(miss[0]) / error
    if o.logarithmic:
        expected, error = float(np.exp(expected)), float(np.exp(expected)) * error
    return _Row(datum.name, of, unit, measured, expected, error, z, *rest)


def _labelled(
    problem: Problem, rows: Sequence[_Row], sd: FloatArray, shape: tuple[int, ...]
) -> xr.Dataset:
    field = problem.field
    dims = ("descriptor", *field.dims)
    table = {
        name: (
            ("datum", *dims),
            np.array([field.plain(getattr(r, name).reshape(shape)) for r in rows]),
        )
        for name in ("sd_without", "moved")
    }
    plain = ("measured", "expected", "expected_sd", "z")
    table |= {name: (("datum",), np.array([getattr(r, name) for r in rows])) for name in plain}
    return xr.Dataset(
        table | {"sd": (dims, field.plain(sd.reshape(shape)))},
        coords={
            "datum": [r.name for r in rows],
            "unit": ("datum", [r.unit for r in rows]),
            "descriptor": list(Descriptors._fields),
            **field.coords,
        },
        attrs={
            "doubt": " ".join(_conflict(r) for r in rows if not _excused(r) and _off(r)),
            "warning": " ".join(_conflict(r) for r in rows if _excused(r) and _off(r)),
        },
    )


def _off(row: _Row) -> bool:
    return abs(row.z) > CONFLICT


def _excused(row: _Row) -> bool:
    """Whether the best of pair potentials may miss it."""
    return all(KINDS[kind].approximate for kind in row.of)


def _conflict(row: _Row) -> str:
    if len(row.of) > 1:
        return (
            f"Diffusion and viscosity together contradict the structure by {row.z:.1f} standard "
            "deviations."
        )
    return (
        f"The {row.name} contradicts the other data: {row.measured:.4g} {row.unit} was measured, "
        f"and without it the posterior expects {row.expected:.4g} ± {row.expected_sd:.2g}, errors "
        f"of both included, {abs(row.z):.1f} standard deviations away. Either of them is wrong by "
        "more than is stated, or no pair potential has both; the answer lies between. Refine with "
        "and without it (--observe)."
    )
