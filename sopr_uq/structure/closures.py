"""Closures of the Ornstein–Zernike equation: g as a function of γ = h − c.

Each closure is a function γ(r) → (g(r), ∂g/∂γ), both of the shape of γ, acting
point by point (and pair by pair). All of them have g = exp(−βv) y with their own cavity function
y(γ).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.typing import BoolArray, FloatArray

type ClosureName = Literal["hnc", "py"]


class Closure(Protocol):
    """γ → (g, ∂g/∂γ)."""

    def __call__(self, gamma: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return g and its derivative at γ, both of its shape."""
        ...


@dataclass(frozen=True)
class HypernettedChain:
    """ln g = −βv + γ + B: exact, if B is the true bridge function; HNC for B = 0.

    Parameters
    ----------
    boltzmann : array, shape (n, p)
        exp(−βv).
    bridge : array, shape (n, p)
        Bridge function B(r).
    """

    boltzmann: FloatArray
    bridge: FloatArray

    def __call__(self, gamma: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return g and ∂g/∂γ."""
        # A Newton step may overshoot; infinity is then refused by its line search.
        with np.errstate(over="ignore", invalid="ignore"):
            cavity = np.exp(gamma + self.bridge)
            g = np.where(self.boltzmann > 0.0, self.boltzmann * cavity, 0.0)
        return g, g


@dataclass(frozen=True)
class PercusYevick:
    """g = exp(−βv) (1 + γ) (J. K. Percus and G. J. Yevick, Phys. Rev. 110, 1 (1958)).

    Parameters
    ----------
    boltzmann : array, shape (n, p)
        exp(−βv).
    """

    boltzmann: FloatArray

    def __call__(self, gamma: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return g and ∂g/∂γ."""
        return self.boltzmann * (1.0 + gamma), self.boltzmann


@dataclass(frozen=True)
class Measured:
    """g itself where it was measured, another closure elsewhere.

    Parameters
    ----------
    g : array, shape (n, p)
        Measured values; those outside ``inside`` are not looked at.
    inside : array of bool, shape (n, 1) or (n, p)
        Where g was measured.
    outer : Closure
        The closure elsewhere.
    """

    g: FloatArray
    inside: BoolArray
    outer: Closure

    def __call__(self, gamma: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return g and ∂g/∂γ."""
        g, slope = self.outer(np.where(self.inside, 0.0, gamma))
        return np.where(self.inside, self.g, g), np.where(self.inside, 0.0, slope)


def make_closure(
    name: ClosureName, boltzmann: FloatArray, bridge: FloatArray | None = None
) -> Closure:
    """Return the closure of a name.

    Parameters
    ----------
    name : {"hnc", "py"}
    boltzmann : array, shape (...)
        exp(−βv) wherever γ will be given.
    bridge : array, shape (...), optional
        Bridge function at the same points; HNC only.

    Raises
    ------
    InputError
        If the name is unknown, or PY is given a bridge.
    """
    if name == "hnc":
        return HypernettedChain(boltzmann, np.zeros_like(boltzmann) if bridge is None else bridge)
    if name != "py":
        raise InputError("closure", "hnc or py", repr(name))
    if bridge is not None:
        raise InputError("closure py", "no bridge function", "one", "use closure hnc with it")
    return PercusYevick(boltzmann)
