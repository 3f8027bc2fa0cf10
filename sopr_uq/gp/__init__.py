"""Gaussian processes: kernels, noise, conditioning."""

from sopr_uq.gp.kernels import Dispersion, Kernel, SquaredExponential
from sopr_uq.gp.noise import Dense, Diagonal, Noise
from sopr_uq.gp.process import Conditioned, Process, factor

__all__ = [
    "Conditioned",
    "Dense",
    "Diagonal",
    "Dispersion",
    "Kernel",
    "Noise",
    "Process",
    "SquaredExponential",
    "factor",
]
