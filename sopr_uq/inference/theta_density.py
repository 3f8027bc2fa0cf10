"""The density of the noise levels and the width of a linear Gaussian model.

The coefficients are integrated out and the kernel is summed out. Columns that touch
one level alone (a curve's scale, offset and smooth errors) are most of them: they leave
the covariance of a level by the matrix inversion lemma, level by level, and only what
levels share, in a basis that all kernels have in common, is left to be done at once.
The cost grows linearly with the number of points and of levels.

References
----------
Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), sec. 2.7
(eqs 2.41–2.43: a linear model beside a process), eq 5.9 and appendix A.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack

from sopr_uq.inference.linear_gaussian import reading_effect
from sopr_uq.typing import BoolArray, FloatArray


class Sizes(NamedTuple):
    """Noise (J,) and reading error (J,) of every level, and the width, kcal/mol."""

    noise: FloatArray
    reading: FloatArray
    width: float


@dataclass(frozen=True)
class ThetaDensity:
    """What θ needs to know of a model: J levels of up to D points, shorter ones padded.

    Parameters
    ----------
    points : int
        Number of data, d.
    fixed_variance, noisy, slope, bend : array, shape (J, D)
        As of the model; padded points have unit variance and say nothing.
    private : array, shape (J, D, p)
        Columns of one level alone.
    shared : array, shape (J, D, r + 1)
        A basis of the columns that levels share, and the residual.
    loading : array, shape (G, r, q + m)
        The shared columns in this basis, the kernel's last.
    of_kernel : array of bool, shape (q + m,)
        Which of them scale with the width.
    log_weight : array, shape (G,)
        Log prior probability of the kernels.
    median, sd : array, shape (2 J + 1,)
        Priors of s, δ and w.
    """

    points: int
    fixed_variance: FloatArray
    noisy: FloatArray
    slope: FloatArray
    bend: FloatArray
    private: FloatArray
    shared: FloatArray
    loading: FloatArray
    of_kernel: BoolArray
    log_weight: FloatArray
    median: FloatArray
    sd: FloatArray

    def sizes(self, z: FloatArray) -> Sizes:
        """Return noise, reading errors and the width of standardised θ (2 J + 1,)."""
        values, j = self.median * np.exp(self.sd * z), len(self.noisy)
        return Sizes(values[:j], values[j:-1], float(values[-1]))

    def log_likelihoods(self, sizes: Sizes) -> FloatArray:
        """Return the marginal log likelihood of every kernel, shape (G,)."""
        alone = _Alone.of(self, sizes)
        value = _Together.of(self, alone, sizes.width).value
        return np.asarray(value - 0.5 * self.points * np.log(2 * np.pi))

    def __call__(self, z: FloatArray) -> tuple[float, FloatArray]:
        """Return the log posterior density of standardised θ, up to a constant, and its gradient.

        With S the covariance of the data and α = S⁻¹y, ∂ log L = ½ tr[(ααᵀ − S⁻¹) ∂S].

        Parameters
        ----------
        z : array, shape (2 J + 1,)
            ln s, ln δ and ln w, each less its prior mean, in prior standard deviations.

        Returns
        -------
        float, and array of shape (2 J + 1,)
        """
        sizes = self.sizes(z)
        alone = _Alone.of(self, sizes)
        together = _Together.of(self, alone, sizes.width)
        terms = together.value + self.log_weight
        top = terms.max()
        share = np.exp(terms - top)
        total = share.sum()
        noise, reading = alone.slopes(*together.left(alone, share / total))
        width = share @ together.of_width(self.of_kernel) / total
        slope = self.sd * np.concatenate([noise, reading, [width]]) - z
        return float(top + np.log(total) - 0.5 * (z @ z)), slope


class _Alone(NamedTuple):
    """The levels one by one: what their errors and own columns leave of what they share.

    Noise and blur are variances (J, D), shift a mean in units of the errors ``root``; ``gone``
    (J, p, D) is what the own columns explain, ``left`` (J, D, r + 1) what they leave of basis and
    residual in units of the errors, ``gram`` (r + 1, r + 1) its products with them.
    """

    noise: FloatArray
    blur: FloatArray
    shift: FloatArray
    root: FloatArray
    gone: FloatArray
    left: FloatArray
    gram: FloatArray
    log_determinant: float

    @classmethod
    def of(cls, of: ThetaDensity, sizes: Sizes) -> _Alone:
        shift, blur = reading_effect(of.slope, of.bend, sizes.reading[:, None])
        noise = sizes.noise[:, None] ** 2 * of.noisy
        root = np.sqrt(of.fixed_variance + noise + blur)
        shift /= root
        shared = of.shared / root[:, :, None]
        shared[:, :, -1] -= shift
        own = of.private / root[:, :, None]
        factor, of_columns = _inverse_factors(own.swapaxes(1, 2) @ own)
        gone = factor @ own.swapaxes(1, 2)
        left = gone.swapaxes(1, 2) @ (gone @ shared)
        np.subtract(shared, left, out=left)
        gram = _flat(shared).T @ _flat(left)
        log_determinant = float(of_columns.sum() + 2.0 * np.log(root).sum())
        return cls(noise, blur, shift, root, gone, left, gram, log_determinant)

    def slopes(self, alpha: FloatArray, each: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ∂ log L/∂ ln s and ∂ log L/∂ ln δ, both (J,), of mean α and α² − S⁻¹ (J, D)."""
        each = each / self.root**2
        # half of ∂blur/∂ln δ = 2 (y′δ)² + 8 shift²: `each` is twice ∂ log L/∂ variance
        blur = self.blur + 2.0 * (self.shift * self.root) ** 2
        of_reading = each * blur + 2.0 * alpha * self.shift
        return np.sum(each * self.noise, axis=1), np.sum(of_reading, axis=1)


class _Together(NamedTuple):
    """What the levels share, with every kernel: log L (G,), up to a constant.

    Loading (G, r, q + m), and of its coefficients the mean (G, q + m, 1) and a root L⁻¹ of the
    covariance L⁻ᵀ L⁻¹ (G, q + m, q + m).
    """

    value: FloatArray
    loading: FloatArray
    factor: FloatArray
    mean: FloatArray

    @classmethod
    def of(cls, of: ThetaDensity, alone: _Alone, width: float) -> _Together:
        gram = alone.gram
        loading = of.loading * np.where(of.of_kernel, width, 1.0)
        turned = loading.swapaxes(1, 2)
        factor, log_determinant = _inverse_factors(turned @ (gram[:-1, :-1] @ loading))
        whitened = factor @ (turned @ gram[:-1, -1])[:, :, None]
        square = gram[-1, -1] - np.sum(whitened**2, axis=(1, 2))
        value = -0.5 * (square + log_determinant + alone.log_determinant)
        return cls(value, loading, factor, factor.swapaxes(1, 2) @ whitened)

    def left(self, alone: _Alone, share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return α and α² − diag S⁻¹ in units of the errors, (J, D), summed over kernels."""
        found = np.ones((self.loading.shape[1] + 1, share.size))
        found[:-1] = -(self.loading @ self.mean)[:, :, 0].T
        alpha = alone.left @ found
        known = self.loading @ self.factor.swapaxes(1, 2)
        covariance = np.sum((share[:, None, None] * known) @ known.swapaxes(1, 2), axis=0)
        basis = alone.left[:, :, :-1]
        explained = np.sum(alone.gone**2, axis=1) + np.sum((basis @ covariance) * basis, axis=2)
        return alpha @ share, alpha**2 @ share - 1.0 + explained

    def of_width(self, of_kernel: BoolArray) -> FloatArray:
        """Return ∂ log L/∂ ln w, shape (G,): what the kernel's coefficients are beyond a priori."""
        variance = np.sum(self.factor**2, axis=1)
        return np.asarray((self.mean[:, :, 0] ** 2 - 1.0 + variance) @ of_kernel)


def _flat(x: FloatArray) -> FloatArray:
    return x.reshape(-1, x.shape[-1])


def _inverse_factors(gram: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return L⁻¹ and log det of every 1 + gram = L Lᵀ, (K, n, n) and (K,)."""
    inverse = np.empty_like(gram)
    if not inverse.size:
        # LAPACK refuses, aloud, what has no columns
        return inverse, np.zeros(len(gram))
    for k, inner in enumerate(gram + np.eye(gram.shape[1])):
        factor, failed = lapack.dpotrf(inner, lower=1)
        if failed:
            raise np.linalg.LinAlgError("not positive definite")
        inverse[k] = lapack.dtrtri(factor, lower=1)[0]
    return inverse, -2.0 * np.log(np.diagonal(inverse, axis1=1, axis2=2)).sum(axis=1)
