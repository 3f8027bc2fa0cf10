"""One measured quantity: what it is, where it was measured, how well it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import CURVES, KINDS, Axis, KindName, R
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.totals import Total
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Observation:
    """A measured curve, or a measured number, at one state point.

    Parameters
    ----------
    kind : {"g", "s", "f", "pressure", "diffusion", "viscosity"}
        Radial distribution function, static structure factor, total scattering, or a number:
        pressure, coefficient of self-diffusion, shear viscosity.
    x : array, shape (n,)
        Abscissae as measured: r in Å for ``g``, Q in Å⁻¹ for ``s`` and ``f``; a single
        zero for a number.
    value : array, shape (n,)
        Measured values; dimensionless, in barn per steradian and atom for ``f`` of neutrons
        (electrons² of x-rays, 1 where it was divided; see :attr:`unit`), a number in its unit
        of :data:`~sopr_uq.experiment.kinds.KINDS`.
    name : str
        How tables and figures call it.
    error : array, shape (n,), optional
        Stated standard errors of ``value``, same unit.
    covariance : array, shape (n, n), optional
        Stated covariance of ``value``; excludes ``error``.
    abscissa_error : float
        Standard reading error of ``x`` (digitised curves), same unit as ``x``.
    q_max : float
        For ``g``: where the measurement's Fourier integral over Q ended, in Å⁻¹.
        A model is cut there too before the two are compared, so that
        truncation ripples are explained and not fitted. Infinite if unknown.
    lorch : bool
        Whether that integral was damped by Lorch's window.
    smoothing : float
        How much of its own second derivative may have been added to the curve, by
        smoothing, a window or resolution: a standard deviation, in the square of
        the unit of ``x``.
    damping : float
        How far ``lorch`` may be from the truth: the share of Lorch's window that may be
        there besides, or missing, as a standard deviation. Where ``q_max`` is unknown it
        is that of a window whose end did not show.
    drift : float
        Standard deviation of a slow drift of the level along the curve.
    spacing : float
        Points closer than this are not independent (a smoothed table, a finite
        resolution); same unit as ``x``.
    window : tuple of float
        The closed interval of ``x`` that an inference may use.
    order_to : float
        Beyond which ``x`` its order is too faint to be used; what its level is still shows there.
    source : str
        Where the numbers come from.
    origin : str
        The experiment that was made; empty if unknown. Two curves of one, such as an
        S(Q) and the g(r) made of it, are one measurement told twice.
    remarks : tuple of str
        What was found, converted or left out while it was read, as sentences.
    of : Pair, mapping of Pair to float, or Total, optional
        Of what: a pair of site types, or the weights w_ab of all pairs in a total,
        1 + Σ w_ab (partial − 1). An element needs none. Of ``f`` a
        :class:`~sopr_uq.experiment.totals.Total`.

    Raises
    ------
    InputError
        If shapes disagree, numbers are not finite, abscissae do not increase,
        errors or a diffusion or viscosity are not positive, a covariance is not positive
        definite, or the window leaves nothing.
    """

    kind: KindName
    x: FloatArray
    value: FloatArray
    name: str = ""
    error: FloatArray | None = None
    covariance: FloatArray | None = None
    abscissa_error: float = 0.0
    q_max: float = np.inf
    lorch: bool = False
    smoothing: float = 0.0
    damping: float = 0.0
    drift: float = 0.0
    spacing: float = 0.0
    window: tuple[float, float] = field(default=(0.0, np.inf))
    order_to: float = np.inf
    source: str = ""
    origin: str = ""
    remarks: tuple[str, ...] = ()
    of: Pair | Mapping[Pair, float] | Total | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError("Observation.kind", f"one of {', '.join(KINDS)}", repr(self.kind))
        for key in ("x", "value", "error", "covariance"):
            if getattr(self, key) is not None:
                array = np.array(getattr(self, key), dtype=float)
                array.flags.writeable = False
                object.__setattr__(self, key, array)
        object.__setattr__(self, "name", self.name or self.kind)
        self._check_arrays()
        self._check_errors()

    @property
    def is_curve(self) -> bool:
        """Whether it is a function of r or Q; otherwise it is one number of the liquid."""
        return self.kind in CURVES

    @property
    def axis(self) -> Axis:
        """What a curve is a function of.

        Raises
        ------
        InputError
            If it is a number.
        """
        if self.kind not in CURVES:
            raise InputError(f"observation {self.name}", "a curve", f"a {self.kind}")
        return CURVES[self.kind]

    @property
    def level(self) -> float:
        """What a curve of its kind ends at."""
        return KINDS[self.kind].level

    @property
    def is_total(self) -> bool:
        """Whether it is of a :class:`~sopr_uq.experiment.totals.Total`."""
        return KINDS[self.kind].total

    @property
    def without_error(self) -> bool:
        """Whether an error of it is believed, none being stated."""
        return self.error is None and KINDS[self.kind].approximate

    @property
    def logarithmic(self) -> bool:
        """Whether it is compared with simulations by its logarithm."""
        return KINDS[self.kind].motion is not None

    @property
    def transformed(self) -> bool:
        """Whether it is a g(r) whose Fourier integral is known to have ended somewhere."""
        return KINDS[self.kind].axis is R and bool(np.isfinite(self.q_max))

    @property
    def resolution(self) -> float:
        """Below which distance points repeat each other: of a table, or by a Fourier integral."""
        return max(self.spacing, np.pi / self.q_max) if self.transformed else self.spacing

    @property
    def noise_shape(self) -> FloatArray:
        """Noise variance along it in that of its first point, shape (n,).

        One, or ∝ 1/r² of a transformed S(Q), whose white noise makes it.
        """
        return (self.x[0] / self.x) ** 2 if self.transformed else np.ones(self.x.size)

    @property
    def unit(self) -> str:
        """Unit of its values: that of a number, of an F(Q) that of what weighs it, or 1."""
        return self.of.unit if isinstance(self.of, Total) else KINDS[self.kind].unit

    @property
    def total(self) -> Total:
        """Of an F(Q) what it weighs.

        Raises
        ------
        InputError
            If it is another kind of curve.
        """
        if not isinstance(self.of, Total):
            raise InputError(f"observation {self.name}", "a total F(Q)", f"kind {self.kind!r}")
        return self.of

    @property
    def pairs(self) -> frozenset[Pair]:
        """The pairs that it is said to be of."""
        if isinstance(self.of, Total):
            return frozenset(self.of.pairs)
        if isinstance(self.of, Pair):
            return frozenset([self.of])
        return frozenset(self.of or ())

    @property
    def contrast(self) -> frozenset[tuple[Pair, float]]:
        """The pairs that it is of with what each weighs, in the largest weight.

        Two curves of one sample agree in it, whatever they were divided by; another isotope is
        another sample.
        """
        of: Mapping[Pair, float] = self.of if isinstance(self.of, Mapping) else {}
        if isinstance(self.of, Pair):
            of = {self.of: 1.0}
        elif isinstance(self.of, Total):
            of = dict(zip(self.of.pairs, self.of.between(np.zeros(1))[0].tolist(), strict=True))
        largest = max((abs(weight) for weight in of.values()), default=0.0) or 1.0
        return frozenset((pair, round(weight / largest, 2)) for pair, weight in of.items())

    def weights(self, pairs: Sequence[Pair]) -> dict[Pair, float]:
        """Return the weight of each pair of a substance in a g or an S, none of them zero."""
        if isinstance(self.of, Pair):
            return {pair: 1.0 for pair in pairs if pair == self.of}
        if isinstance(self.of, Total):
            raise InputError(f"observation {self.name}", "a g(r) or S(Q)", "a total F(Q)")
        if self.of is None:
            return {pairs[0]: 1.0}
        return {pair: self.of[pair] for pair in pairs if self.of.get(pair, 0.0) != 0.0}

    def check_pairs(self, pairs: Sequence[Pair]) -> None:
        """Check that a curve is of pairs that a substance has.

        Raises
        ------
        InputError
            If it is of others, or of none where there are several.
        """
        labels = ", ".join(pair.label for pair in pairs)
        where = f"observation {self.name}"
        if not self.is_curve:
            if self.of is not None:
                expected = f"a {self.kind}, which is of the whole liquid"
                raise InputError(where, expected, "pairs as well")
            return
        if self.is_total != isinstance(self.of, Total):
            raise InputError(where, "a Total for kind f, and for no other", repr(self.of))
        if self.of is None:
            if len(pairs) > 1:
                raise InputError(
                    where, f"which of the pairs {labels} it is of", "nothing",
                    'sites = ["A", "B"], or weights for a total',
                )  # fmt: skip
            return
        strange = [pair.label for pair in self.pairs if pair not in pairs]
        if strange:
            raise InputError(where, f"some of the pairs {labels}", ", ".join(strange))

    def _check_arrays(self) -> None:
        if self.x.ndim != 1 or self.x.shape != self.value.shape or self.x.size == 0:
            raise InputError(
                f"observation {self.name}",
                "abscissae and values of one shape (n,), n ≥ 1",
                f"shapes {self.x.shape} and {self.value.shape}",
            )
        if not (np.isfinite(self.x).all() and np.isfinite(self.value).all()):
            raise InputError(f"observation {self.name}", "finite numbers", "NaN or infinity")
        if self.logarithmic and np.any(self.value <= 0):
            found = f"{np.min(self.value):g}"
            raise InputError(f"observation {self.name}", f"a positive {self.kind}", found)
        if np.any(self.x < 0) or np.any(np.diff(self.x) <= 0):
            bad = int(np.argmax(np.diff(self.x, prepend=-np.inf) <= 0)) if self.x.size > 1 else 0
            raise InputError(
                f"observation {self.name}",
                "non-negative, strictly increasing abscissae",
                f"{self.x[bad]:g} as point {bad + 1}",
                "sort the rows and remove repeated ones",
            )
        if not self.mask.any():
            raise InputError(
                f"observation {self.name}, window",
                f"an interval that overlaps the data, {self.x[0]:g} to {self.x[-1]:g}",
                f"{self.window[0]:g} to {self.window[1]:g}, which leaves nothing",
            )

    def _check_errors(self) -> None:
        if not (self.abscissa_error >= 0 and self.q_max > 0):
            raise InputError(
                f"observation {self.name}",
                "abscissa_error ≥ 0 and q_max > 0",
                f"{self.abscissa_error} and {self.q_max}",
            )
        unsure = (self.smoothing, self.damping, self.drift)
        if not min(unsure) >= 0:
            raise InputError(
                f"observation {self.name}",
                "smoothing ≥ 0, damping ≥ 0 and drift ≥ 0",
                ", ".join(f"{size:g}" for size in unsure),
            )
        if self.error is not None and self.covariance is not None:
            raise InputError(f"observation {self.name}", "error or covariance", "both")
        if self.error is not None and (
            self.error.shape != self.x.shape or not np.all(self.error > 0)
        ):
            raise InputError(
                f"observation {self.name}, error",
                f"{self.x.size} positive numbers",
                f"shape {self.error.shape}, smallest {np.min(self.error):g}",
            )
        if self.covariance is not None:
            self._check_covariance(self.covariance)

    def _check_covariance(self, covariance: FloatArray) -> None:
        n = self.x.size
        if covariance.shape != (n, n) or not np.allclose(covariance, covariance.T):
            raise InputError(
                f"observation {self.name}, covariance",
                f"a symmetric matrix of shape ({n}, {n})",
                f"shape {covariance.shape}",
            )
        try:
            np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            smallest = float(np.linalg.eigvalsh(covariance)[0])
            raise InputError(
                f"observation {self.name}, covariance",
                "a positive definite matrix",
                f"smallest eigenvalue {smallest:.3g}",
                "add the variance of the counting noise to its diagonal",
            ) from None

    @property
    def mask(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which points are used: those of the window that are not faint; shape (n,)."""
        return self.known & (self.x <= self.order_to)

    @property
    def known(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which points lie in the window; shape (n,).

        At r = 0 no pair can be, and an error of what was transformed has no bounds.
        """
        inside = (self.x >= self.window[0]) & (self.x <= self.window[1])
        return inside & (self.x > 0.0) if KINDS[self.kind].axis is R else inside

    def windowed(self) -> Observation:
        """Return the observation with only the points that are used."""
        return self._subset(np.flatnonzero(self.mask))

    def whole(self) -> Observation:
        """Return the observation with all points of its window, faint or not."""
        return self._subset(np.flatnonzero(self.known))

    def every(self, step: int) -> Observation:
        """Return the observation with only every ``step``-th point."""
        return self._subset(np.arange(0, self.x.size, step))

    def _subset(self, index: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Observation:
        return replace(
            self,
            x=self.x[index],
            value=self.value[index],
            error=None if self.error is None else self.error[index],
            covariance=None if self.covariance is None else self.covariance[np.ix_(index, index)],
        )
