"""What the laws are fitted to: one ensemble of draws for each element."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sopr_uq.errors import InputError
from sopr_uq.inference.power_law_density import LawData
from sopr_uq.laws.kernel_density import KernelDensity, kernel_density, stack
from sopr_uq.laws.law import QDO, QUANTITIES, unit
from sopr_uq.refine.rule import Band
from sopr_uq.typing import FloatArray

_MIN_DRAWS = 50
_MAX_MISSING = 0.05


@dataclass(frozen=True)
class Ensemble:
    """The draws of one element.

    They stand for the likelihood of log D: the prior of the refinement must be
    broad compared with the ensemble, or a law will count it once per element. How
    much it counts is :meth:`prior_share`.

    Parameters
    ----------
    element : str
        Symbol, or any name that tells it from the others.
    polarizability, polarizability_error : float
        α and its standard error, in Å³.
    draws : mapping of str to array
        By quantity (``sigma``, ``epsilon``, ``r_vdw``, ``d_hp``), draws of any one
        shape, usually (chain, draw), in Å or kcal/mol. All quantities of an
        element share their draws' order. Undefined draws (NaN) may be up to 5 %.
    rule : str
        The update rule that made the ensemble.
    source : str
        Where it was read from.
    band : {"posterior", "smoothing"}
        What the spread of the draws stands for; see :mod:`sopr_uq.posterior.status`.
    prior_sd : mapping of str to float
        By quantity, standard deviation of log D before the measurement, where known.
    doubtful : bool
        Whether the run says of itself that it is not to be trusted.

    Raises
    ------
    InputError
        If α is not positive, its error negative or too large for a logarithm, or
        the draws are few, undefined or not positive.
    """

    element: str
    polarizability: float
    polarizability_error: float
    draws: Mapping[str, FloatArray]
    rule: str = ""
    source: str = ""
    band: Band = "posterior"
    doubtful: bool = False
    prior_sd: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_polarizability(self.element, self.polarizability, self.polarizability_error)
        if not set(self.draws) & set(QUANTITIES):
            known = ", ".join(QUANTITIES)
            raise InputError(
                self.element, f"draws of some of {known}", ", ".join(self.draws) or "none"
            )
        for quantity, values in self.draws.items():
            _check_draws(f"{self.element}: {quantity}", np.asarray(values, dtype=float))

    @property
    def relative_error(self) -> float:
        """Standard error of log α."""
        return self.polarizability_error / self.polarizability

    def to_dataset(self) -> xr.Dataset:
        """Return the draws, dims (chain, draw), with units."""
        found = {q: np.atleast_2d(np.asarray(self.draws[q], dtype=float)) for q in self.draws}
        return xr.Dataset(
            {q: (("chain", "draw"), values, {"units": unit(q)}) for q, values in found.items()},
            attrs={"element": self.element, "rule": self.rule, "source": self.source},
        )

    def log_draws(self, quantity: str) -> tuple[FloatArray, NDArray[np.intp]]:
        """Return log D of the defined draws, shape (S,), and their run's flat indices, (S,)."""
        values = np.asarray(self.draws[quantity], dtype=float).ravel()
        defined = np.flatnonzero(np.isfinite(values))
        return np.log(values[defined]), defined

    def prior_share(self, quantity: str) -> float:
        """Return the share of the precision of log D that the refinement's own prior brought.

        A law that takes the draws for a likelihood counts it once more (D. W. Hogg, A. D.
        Myers, J. Bovy, Astrophys. J. 725, 2166 (2010), eq 11, divides by it). NaN where the
        prior is not known.
        """
        log_d, _ = self.log_draws(quantity)
        return float(log_d.var() / self.prior_sd.get(quantity, np.nan) ** 2)


@dataclass(frozen=True)
class Prepared:
    """One quantity of several elements, ready for its laws.

    Parameters
    ----------
    data : LawData
        Mixtures and centred abscissae.
    log_polarizability : float
        x̄, the mean log α (α in Å³) that x is centred on.
    level : float
        Mean over elements of the mean log D, which centres the prior of the level.
    kernel_densities : tuple of KernelDensity
        By element.
    index : tuple of array
        By element, flat indices of the defined draws.
    """

    data: LawData
    log_polarizability: float
    level: float
    kernel_densities: tuple[KernelDensity, ...]
    index: tuple[NDArray[np.intp], ...]


def prepare(ensembles: Sequence[Ensemble], quantity: str) -> Prepared:
    """Turn the draws of one quantity into the data of its laws."""
    logs = [e.log_draws(quantity) for e in ensembles]
    kernel_densities = tuple(kernel_density(values) for values, _ in logs)
    log_alpha = np.log([e.polarizability for e in ensembles])
    centre = float(log_alpha.mean())
    error = np.array([e.relative_error for e in ensembles])
    data = stack(kernel_densities, log_alpha - centre, error**2)
    level = float(data.mean.mean())
    return Prepared(data, centre, level, kernel_densities, tuple(index for _, index in logs))


def quantities_of(ensembles: Sequence[Ensemble]) -> tuple[str, ...]:
    """Return the quantities that every ensemble has, in the usual order."""
    return tuple(q for q in QUANTITIES if all(q in e.draws for e in ensembles))


def check_together(ensembles: Sequence[Ensemble]) -> None:
    """Check that ensembles can stand in one law.

    Raises
    ------
    InputError
        If there are fewer than two, one element comes twice, or no quantity is
        common to all.

    Warns
    -----
    UserWarning
        If the ensembles come from different update rules, or one is doubtful.
    """
    names = [e.element for e in ensembles]
    if len(names) < 2:
        advice = _what_one_says(ensembles[0]) if ensembles else ""
        raise InputError("laws", "at least two elements", str(len(names)), advice)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError("laws", "each element once", f"more than one of {', '.join(twice)}")
    if not quantities_of(ensembles):
        found = "; ".join(f"{e.element}: {', '.join(e.draws)}" for e in ensembles)
        raise InputError("laws", "a quantity that every ensemble has", found)
    rules = {e.element: e.rule for e in ensembles}
    if len(set(rules.values())) > 1:
        mixed = ", ".join(f"{name} by {rule or 'an unknown rule'}" for name, rule in rules.items())
        warnings.warn(
            f"the ensembles come from different rules: {mixed}", UserWarning, stacklevel=3
        )
    doubtful = [e.element for e in ensembles if e.doubtful]
    if doubtful:
        warnings.warn(doubtful_sentence(doubtful), UserWarning, stacklevel=3)


def doubtful_sentence(names: Sequence[str]) -> str:
    """Say which elements of a law are doubtful."""
    return f"the refinement of {', '.join(names)} is doubtful: see the warning of its result"


def check_polarizability(name: str, value: float, error: float) -> None:
    """Raise InputError unless α > 0 and 0 ≤ error < α/2, both in Å³."""
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name}: polarizability", "a positive number in Å³", str(value))
    if not 0 <= error < 0.5 * value:
        expected = f"a standard error between 0 and {0.5 * value:.3g} Å³, half its value"
        raise InputError(f"{name}: polarizability error", expected, str(error))


def _check_draws(where: str, values: FloatArray) -> None:
    if values.size < _MIN_DRAWS:
        advice = "a rule that gives a posterior, such as newton or sopr"
        raise InputError(where, f"at least {_MIN_DRAWS} draws", str(values.size), advice)
    missing = float(np.mean(~np.isfinite(values)))
    if missing > _MAX_MISSING:
        advice = "looking at the ensemble; these potentials have no well"
        raise InputError(where, "defined draws", f"{missing:.0%} undefined", advice)
    if not np.all(values[np.isfinite(values)] > 0):
        raise InputError(where, "positive draws", f"a smallest draw of {np.nanmin(values):.4g}")
    different = np.unique(values).size
    if different < _MIN_DRAWS:
        advice = "refining again: these are a handful of draws, picked again and again"
        found = f"{different} among {values.size}"
        raise InputError(where, f"at least {_MIN_DRAWS} different draws", found, advice)


def _what_one_says(ensemble: Ensemble) -> str:
    """Say what a single element still determines: the prefactor at a given exponent."""
    parts = []
    for quantity in quantities_of([ensemble]):
        if QDO not in QUANTITIES[quantity]:
            continue
        values = np.exp(ensemble.log_draws(quantity)[0]) / ensemble.polarizability ** (1.0 / 7.0)
        parts.append(f"{quantity} a = {values.mean():.4g} ± {values.std():.2g} {unit(quantity)}")
    if not parts:
        return "adding an element"
    said = ", ".join(parts)
    return (
        f"adding an element; {ensemble.element} alone fixes the prefactor if b = 1/7 is taken "
        f"for granted ({said}), but neither the exponent nor the scatter"
    )
