"""The Lennard-Jones fluid's own equation of state, and where its liquid and vapour coexist.

References
----------
J. Kolafa, I. Nezbeda, Fluid Phase Equilib. 100, 1 (1994): an equation fitted to simulations of
the full potential.
A. Lotfi, J. Vrabec, J. Fischer, Mol. Phys. 76, 1319 (1992): the vapour pressure.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import fsolve

_DAMPING = 1.92907278
_DIAMETER = {-2: 0.011117524, -1: -0.076383859, 0: 1.080142248, 1: 0.000693129}
_DIAMETER_LOG = -0.063920968
_SECOND = {
    -7: -0.58544978, -6: 0.43102052, -5: 0.87361369, -4: -4.13749995,
    -3: 2.90616279, -2: -7.02181962, 0: 0.02459877,
}  # fmt: skip
_SERIES = {
    0: (2.01546797, -28.17881636, 28.28313847, -10.42402873, 0.0),
    -1: (-19.58371655, 75.62340289, -120.70586598, 93.92740328, -27.37737354),
    -2: (29.34470520, -112.35356937, 170.64908980, -123.06669187, 34.42288969),
    -4: (-13.37031968, 65.38059570, -115.09233113, 88.91973082, -25.62099890),
}


def free_energy(temperature: float, density: float) -> float:
    """Return A/N with the ideal part, but for what depends on temperature alone, all reduced."""
    t, rho = temperature, density
    size = sum(c * t ** (i / 2) for i, c in _DIAMETER.items()) + _DIAMETER_LOG * np.log(t)
    eta = np.pi / 6.0 * rho * size**3
    hard = 5.0 / 3.0 * np.log(1.0 - eta)
    hard += eta * (34.0 - 33.0 * eta + 4.0 * eta**2) / (6.0 * (1.0 - eta) ** 2)
    second = sum(c * t ** (i / 2) for i, c in _SECOND.items())
    damped = rho * t * np.exp(-_DAMPING * rho**2) * second
    rest = sum(
        c * t ** (i / 2) * rho ** (j + 2) for i, row in _SERIES.items() for j, c in enumerate(row)
    )
    return float(t * np.log(rho) + t * hard + damped + rest)


def pressure(temperature: float, density: float, step: float = 1e-5) -> float:
    """Return ρ² ∂(A/N)/∂ρ, by central differences."""
    up, down = (free_energy(temperature, density * (1.0 + s)) for s in (step, -step))
    return density * (up - down) / (2.0 * step)


def coexistence(temperature: float) -> tuple[float, float, float]:
    """Return ρ of liquid and vapour, and P, where pressures and chemical potentials agree."""

    def unequal(logs: np.ndarray) -> list[float]:
        both = [float(x) for x in np.exp(logs)]
        p = [pressure(temperature, rho) for rho in both]
        mu = [free_energy(temperature, rho) + q / rho for rho, q in zip(both, p, strict=True)]
        return [p[0] - p[1], mu[0] - mu[1]]

    start = np.log([0.316 + 0.15 * (1.312 - temperature) + 0.5 * (1.312 - temperature) ** (1 / 3),
                    np.exp(2.8 - 6.32 / temperature)])  # fmt: skip
    liquid, vapour = np.exp(fsolve(unequal, start))
    return float(liquid), float(vapour), pressure(temperature, float(vapour))


def vapour_pressure(temperature: float) -> float:
    """Return P σ³/ε of the saturated vapour by Lotfi's correlation."""
    t = temperature
    return float(np.exp(1.2629 * t - 4.8095 / t - 0.15115 / t**4))
