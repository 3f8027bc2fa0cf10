"""How a checker says what was asked and what was found."""

from __future__ import annotations

import numpy as np

from sopr_uq.typing import ArrayLike


def require(holds: object, asked: str, found: object = "") -> None:
    """Raise where something does not hold; unlike ``assert``, in every mode of Python.

    Raises
    ------
    AssertionError
        With what was asked, and what was found.
    """
    if not holds:
        raise AssertionError(f"asked for {asked}" + (f"; found {found}" if f"{found}" else ""))


def require_shape(array: ArrayLike, shape: tuple[int, ...], what: str) -> None:
    """Raise where an array has another shape, or numbers that are not finite."""
    values = np.asarray(array, dtype=float)
    require(values.shape == shape, f"{what} of shape {shape}", values.shape)
    require(np.isfinite(values).all(), f"finite numbers in {what}", "NaN or infinity")


def require_close(a: ArrayLike, b: ArrayLike, tolerance: float, what: str) -> None:
    """Raise where two arrays differ by more than a share of the largest of the second."""
    size = float(np.max(np.abs(b), initial=0.0))
    off = float(np.max(np.abs(np.subtract(a, b)), initial=0.0))
    require(
        off <= tolerance * size, f"{what} within {tolerance:g} of {size:.3g}", f"off by {off:.3g}"
    )


def require_same(a: ArrayLike, b: ArrayLike, what: str) -> None:
    """Raise where two arrays are not equal bit for bit."""
    require(np.array_equal(np.asarray(a), np.asarray(b)), what, "other numbers")
