"""What a liquid can be asked for at any state, and how runs of it answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from sopr_uq.engine.plan import flight_time
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.engine.tail import tail_energy, tail_pressure
from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.experiment import kinds
from sopr_uq.experiment.kinds import Axis
from sopr_uq.experiment.molecule import Molecule, Pair
from sopr_uq.experiment.nearest import suggestion
from sopr_uq.experiment.substance import Substance
from sopr_uq.observables.coexistence import (
    VAPOUR_PRESSURES,
    liquid_density,
    surface_tension,
    told_vapour,
    vapour_density,
    virial_vapour_pressure,
)
from sopr_uq.observables.rdf import Rdf
from sopr_uq.observables.simulated_liquid import Reading, SimulatedLiquid, reading_of
from sopr_uq.observables.spectrum import spectrum, velocity_correlation
from sopr_uq.observables.structure_factor import StructureFactor
from sopr_uq.observables.transport import (
    FiniteBox,
    at_rest,
    gamma_of,
    running_diffusion,
    running_viscosity,
    value_in,
)
from sopr_uq.potentials import Potential
from sopr_uq.typing import FloatArray

DISTANCES = np.arange(0.05, 15.0, 0.05)
"""Where g(r) is told, in Å, as far as it was simulated."""

WAVE_NUMBERS = np.arange(0.3, 15.05, 0.1)
"""Where S(Q) is told, in Å⁻¹."""

_TIME = Axis("t", "t", "ps", "ps", "time")
_FREQUENCY = Axis("f", "f", "THz", "THz", "frequency")

_REST = {"diffusion": 0.75, "viscosity": 2.0}
"""Before so many times of free flight no time correlation of a liquid is over."""


class TailFunction(Protocol):
    """What potentials in the order of the pairs add beyond a cut-off in Å.

    At the densities of the types of sites in Å⁻³, and that of molecules.
    """

    def __call__(
        self,
        potentials: Sequence[Potential],
        densities: FloatArray,
        cutoff: float,
        molecules: float,
    ) -> float:
        """Return it in the unit of the property."""
        ...


type Read = Callable[[Sequence[SimulatedLiquid], str], Reading]
"""Runs in, and of which pair or molecule: "" of the only one, or of the liquid."""


@dataclass(frozen=True)
class Property:
    """A property.

    Parameters
    ----------
    name : str
    unit : str
    read : callable
        Runs in, and of what, a :class:`Reading` out.
    record : tuple of str
        What an engine must be asked for.
    logarithmic : bool
        It is positive, and its logarithm is closer to linear in the potential.
    label : str
        For an axis of a figure.
    axis : Axis or None
        What a curve is a function of; None of a number.
    not_negative : bool
        It has no values below zero, where a straight line may go.
    tail : callable, optional
        What potentials beyond a cut-off add, known without a simulation, such as
        :func:`~sopr_uq.engine.tail.tail_pressure`.
    each : {"", "pair", "molecule", "measured"}
        What of a mixture, or of what was measured, has one of its own.
    of : str
        Which of them; "" of the only one.
    """

    name: str
    unit: str
    read: Read
    record: tuple[str, ...] = ()
    logarithmic: bool = False
    tail: TailFunction | None = None
    label: str = ""
    axis: Axis | None = None
    not_negative: bool = False
    each: Literal["", "pair", "molecule", "measured"] = ""
    of: str = ""

    @property
    def title(self) -> str:
        """Its name, with what it is of."""
        return f"{self.name} {self.of}".rstrip()

    def parts(self, substance: Substance) -> tuple[Property, ...]:
        """Return it of every pair or molecule of a mixture; itself where there is one."""
        pairs = [pair.label for pair in substance.pairs]
        molecules = [molecule.name for molecule in substance.molecules]
        names = {"pair": pairs, "molecule": molecules}.get(self.each, [])
        return tuple(replace(self, of=name) for name in names) if len(names) > 1 else (self,)

    def tell(self, runs: Sequence[SimulatedLiquid]) -> Reading:
        """Return what runs say of it."""
        return self.read(runs, self.of)

    @property
    def dim(self) -> str:
        """Dimension of a curve in a file."""
        return "" if self.axis is None else f"{self.axis.name}_{self.name}"

    @property
    def slab(self) -> bool:
        """Whether it takes a slab of liquid between its vapour; the state is a temperature then."""
        return COEXISTENCE in self.record


def properties_of(names: Sequence[str]) -> tuple[Property, ...]:
    """Return properties by their names; ``coexistence`` means all that a slab tells.

    Raises
    ------
    InputError
        If one is unknown or named twice, or there is none.
    """
    slab = [each.name for each in PROPERTIES.values() if each.slab]
    names = [one for name in names for one in (slab if name == COEXISTENCE else [name])]
    for name in names:
        if name not in PROPERTIES:
            known = [*PROPERTIES, COEXISTENCE]
            raise InputError(
                "properties", f"some of {', '.join(known)}", repr(name), suggestion(name, known)
            )
    if not names or len(set(names)) < len(names):
        raise InputError("properties", "at least one, each once", ", ".join(names) or "none")
    return tuple(PROPERTIES[name] for name in names)


def _number(name: str) -> Read:
    return lambda runs, _: reading_of([run.simulation[name] for run in runs])


def _told(way: Callable[[Setup, Simulation], Series]) -> Read:
    return lambda runs, _: reading_of([way(run.setup, run.simulation) for run in runs])


def _told_of(way: Callable[[Setup, Simulation, Molecule], Series]) -> Read:
    return lambda runs, of: reading_of(
        [way(run.setup, run.simulation, _molecule(run.setup, of)) for run in runs]
    )


def _molecule(setup: Setup, of: str) -> Molecule:
    molecules = setup.substance.molecules
    return next((each for each in molecules if each.name == of), molecules[0])


def _pair(setup: Setup, of: str) -> Pair:
    return Pair.of(of) if of else setup.substance.pairs[0]


def _vapour_density(runs: Sequence[SimulatedLiquid], of: str) -> Reading:
    found = _told(vapour_density)(runs, of)
    return found._replace(common=_doubt(runs) * float(found.values.mean()))


def _doubt(runs: Sequence[SimulatedLiquid]) -> float:
    """Return what the virial series of all these vapours leaves open, relative."""
    return float(np.mean([told_vapour(run.setup, run.simulation).doubt for run in runs]))


def _vapour_pressure(runs: Sequence[SimulatedLiquid], of: str) -> Reading:
    """Average what the ways to it tell by their noise."""
    each = [_told(way)(runs, of) for way in VAPOUR_PRESSURES]
    weights = np.array([1.0 / one.noise for one in each])
    weights = weights / weights.sum(axis=0)
    values = np.sum([w * one.values for w, one in zip(weights, each, strict=True)], axis=0)
    noise = np.sum([w**2 * one.noise for w, one in zip(weights, each, strict=True)], axis=0)
    # ρkT dlnz is dP: the doubt is about the same in the pressure by the density alone
    doubt = float(weights[VAPOUR_PRESSURES.index(virial_vapour_pressure)][0]) * _doubt(runs)
    return Reading(each[0].x, np.asarray(values), np.asarray(noise), doubt * float(values.mean()))


def _diffusion(runs: Sequence[SimulatedLiquid], of: str) -> Reading:
    setup = runs[0].setup
    found = _in_box(runs, _molecule(setup, of))
    # the drag of the images is the same on all molecules of a liquid
    shares = setup.substance.molecule_densities(setup.state) / setup.state.density
    every = [_in_box(runs, each).values.mean() for each in setup.substance.molecules]
    mean, own = float(shares @ np.array(every)), float(found.values.mean())
    shift, error = min(_shifts(runs, mean), key=lambda each: each[1])
    factor = 1.0 + shift / own
    return found._replace(
        values=found.values * factor,
        noise=found.noise * factor**2,
        common=float(np.hypot(found.common * factor, error)),
    )


def _in_box(runs: Sequence[SimulatedLiquid], molecule: Molecule) -> Reading:
    """Return the diffusion of a molecule in the boxes that were simulated."""
    curves = [running_diffusion(run.simulation[f"vacf {molecule.name}"]) for run in runs]
    return _plateau(curves, _REST["diffusion"] * flight_time(runs[0].setup))


def _shifts(runs: Sequence[SimulatedLiquid], diffusion: float) -> list[tuple[float, float]]:
    """Return D_∞ − D_N with its standard error by each way that there is, D_N of all molecules."""
    setup = runs[0].setup
    n, state = setup.molecules(runs[0].simulation.particles), setup.state
    box = FiniteBox(n, (n / state.density) ** (1 / 3), state.temperature)
    gamma, error = gamma_of(setup.substance)
    factors = box.by_number(gamma + error * np.array([-1.0, 0.0, 1.0]))
    low, middle, high = diffusion * (factors - 1.0)
    found = [(float(middle), float(high - low) / 2.0)]
    # a viscosity that is lost in its noise corrects nothing
    with suppress(SimulationFailed, KeyError):
        eta = _viscosity(runs, "")
        mean = float(eta.values.mean())
        sd = float(np.hypot(np.sqrt(eta.noise[0] / len(runs)), eta.common))
        shift = float(box.by_viscosity(np.array(mean)))
        found.append((shift, shift * sd / mean))
    return found


def _viscosity(runs: Sequence[SimulatedLiquid], _: str) -> Reading:
    curves = [running_viscosity(run.simulation["modulus"]) for run in runs]
    return _plateau(curves, _REST["viscosity"] * flight_time(runs[0].setup))


def _plateau(curves: Sequence[Series], least: float) -> Reading:
    window = at_rest(curves, least)
    found = reading_of([value_in(curve, window) for curve in curves])
    if np.any(found.values <= 0.0):
        raise SimulationFailed(
            f"the {curves[0].name} is lost in its noise: not positive in every run. "
            "Try: longer runs, engine.production_steps."
        )
    return found._replace(common=window.doubt, window=(window.begin, window.end))


def _rdf(runs: Sequence[SimulatedLiquid], of: str) -> Reading:
    pair = _pair(runs[0].setup, of)
    seen = DISTANCES[: int(np.searchsorted(DISTANCES, runs[0].simulation.r[-1]))]
    return reading_of([Rdf.partial(pair, seen).predict(run.infinite) for run in runs])


def _structure(runs: Sequence[SimulatedLiquid], of: str) -> Reading:
    pair = _pair(runs[0].setup, of)
    return reading_of(
        [StructureFactor.partial(pair, WAVE_NUMBERS).predict(run.infinite) for run in runs]
    )


def _unweighed(_: Sequence[SimulatedLiquid], __: str) -> Reading:
    raise InputError("total", "what it weighs", "nothing")


def _energy_beyond(
    potentials: Sequence[Potential], densities: FloatArray, cutoff: float, molecules: float
) -> float:
    sites = float(densities.sum()) / molecules
    return sites * tail_energy(potentials, densities, cutoff)


def _pressure_beyond(
    potentials: Sequence[Potential],
    densities: FloatArray,
    cutoff: float,
    molecules: float,  # noqa: ARG001
) -> float:
    return tail_pressure(potentials, densities, cutoff)


PROPERTIES: Mapping[str, Property] = {
    each.name: each
    for each in (
        Property("g", "1", _rdf, label="g(r)", axis=kinds.R, not_negative=True, each="pair"),
        Property("s", "1", _structure, label="S(Q)", axis=kinds.Q, each="pair"),
        Property("total", "1", _unweighed, label="total", axis=kinds.Q, each="measured"),
        Property("pressure", "MPa", _number("pressure"), tail=_pressure_beyond, label="P / MPa"),
        Property(
            "energy", "kcal/mol", _number("energy"), tail=_energy_beyond, label="U / (kcal/mol)"
        ),
        Property(
            "vacf", "1", _told_of(velocity_correlation), ("diffusion",),
            label="⟨v(0)·v(t)⟩/⟨v²⟩", axis=_TIME, each="molecule",
        ),
        Property(
            "spectrum", "ps", _told_of(spectrum), ("diffusion",),
            label="spectrum / ps", axis=_FREQUENCY, each="molecule",
        ),
        Property(
            "diffusion", "1e-9 m^2/s", _diffusion, ("diffusion",), True, label="D / (10⁻⁹ m²/s)",
            each="molecule",
        ),
        Property("viscosity", "mPa s", _viscosity, ("viscosity",), True, label="η / (mPa s)"),
        Property(
            "heat-capacity", "J/(mol K)", _number("heat-capacity"), ("heat-capacity",),
            label="C$_V$ / (J/(mol K))",
        ),
        Property(
            "liquid-density", "g/cm^3", _told(liquid_density), (COEXISTENCE,),
            label="ρ of the liquid / (g/cm³)",
        ),
        Property(
            "vapour-density", "g/cm^3", _vapour_density, (COEXISTENCE,), True,
            label="ρ of the vapour / (g/cm³)",
        ),
        Property(
            "vapour-pressure", "MPa", _vapour_pressure, (COEXISTENCE,), True,
            label="P of the vapour / MPa",
        ),
        Property(
            "surface-tension", "mN/m", _told(surface_tension), (COEXISTENCE,), label="γ / (mN/m)"
        ),
    )
}  # fmt: skip
"""By name."""
