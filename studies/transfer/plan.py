"""What belongs to the study: gases, the states of their boiling lines, and force fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import xarray as xr
from CoolProp.CoolProp import PropsSI

from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.experiment.elements import element
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Mie
from sopr_uq.workflow.order import fluid_of, measured_state
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.simulate import simulate
from sopr_uq.workflow.states import along_saturation

HERE = Path(__file__).resolve().parent
RESULTS, README = HERE / "results", HERE / "README.md"

SYMBOLS = ("Ne", "Ar", "Kr", "Xe")

SHARES = (0.6, 0.73, 0.86)
"""Of the critical temperature, at which the boiling liquid is simulated."""

SLABS: Mapping[str, float] = MappingProxyType({"Ne": 0.7, "Kr": 0.8, "Xe": 0.8})
"""Of the critical temperature, where a slab is simulated beside its vapour, which costs ten times
as much. At 0.8 one of neon's six draws was all surface. Argon's posterior is so wide in ε that two
of six draws evaporated there, and where these boil the deepest are below their freezing point.
"""

LIQUID = ("pressure", "energy", "diffusion", "viscosity")
ENGINE = {"particles": 864, "production_steps": 8000}
DRAWS, SLAB_DRAWS = 12, 6

EXPONENTS = (12, 14)
"""Repulsive exponents that a force field's size and depth are given."""

REPLICAS = {False: 2, True: 1}
"""Simulations of a force field at each state, of liquids and of slabs."""


@dataclass(frozen=True)
class Gas:
    """A gas of the study.

    Parameters
    ----------
    symbol : str
    """

    symbol: str

    @property
    def name(self) -> str:
        """English name."""
        return element(self.symbol).name

    @property
    def source(self) -> Path:
        """The posterior that was learnt at the one measured state."""
        system = element(self.symbol).system
        return HERE.parent / "noble_gases" / "results" / f"{system}-newton.nc"

    @property
    def liquid(self) -> Path:
        """What draws say of the boiling liquid."""
        return RESULTS / f"{self.name}.nc"

    @property
    def slabs(self) -> Path:
        """What draws say of liquid and vapour side by side."""
        return RESULTS / f"{self.name}-coexistence.nc"

    @property
    def forces(self) -> Path:
        """What the force field says of both."""
        return RESULTS / f"{self.name}-force-field.json"

    @cached_property
    def posterior(self) -> xr.DataTree:
        """The posterior."""
        return load_result(self.source)

    @cached_property
    def critical(self) -> float:
        """Critical temperature in K, by CoolProp."""
        return float(PropsSI("Tcrit", str(fluid_of(self.posterior))))

    @property
    def slab_shares(self) -> tuple[float, ...]:
        """Of the critical temperature, at which slabs are simulated."""
        return (SLABS[self.symbol],) if self.symbol in SLABS else ()

    def states(self, shares: tuple[float, ...], *, slabs: bool) -> tuple[StatePoint, ...]:
        """Return states of the boiling line at shares of the critical temperature."""
        fluid, measured = fluid_of(self.posterior), measured_state(self.posterior)
        return tuple(
            along_saturation(fluid, measured, t, t, 1, slabs=slabs)[0]
            for t in (round(share * self.critical, 1) for share in shares)
        )

    def force_field(self, exponent: int) -> Mie:
        """Return the potential of the table's size and depth with a repulsive exponent."""
        known = element(self.symbol).force_field
        assert known is not None
        return Mie(known.sigma, known.epsilon, float(exponent))


GASES = tuple(Gas(symbol) for symbol in SYMBOLS)


def simulated(gas: Gas, work: Path, *, slabs: bool) -> xr.DataTree:
    """Return what draws say of liquids, or of slabs; what the folder holds is not made again."""
    states = gas.states(gas.slab_shares if slabs else SHARES, slabs=slabs)
    return simulate(
        gas.posterior,
        states,
        (COEXISTENCE,) if slabs else LIQUID,
        draws=SLAB_DRAWS if slabs else DRAWS,
        out=work / f"{gas.name}-{COEXISTENCE if slabs else 'liquid'}",
        engine={} if slabs else ENGINE,
    )
