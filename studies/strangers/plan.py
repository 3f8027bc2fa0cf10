"""What is refined: twins of four liquids as strangers write them, and what ships, stripped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sopr_uq import load_config
from sopr_uq.workflow.campaign import Campaign
from sopr_uq.workflow.stranger import Stranger

ABOUT: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "neon-42K": (2.78, 0.062),
        "argon-85K": (3.40, 0.238),
        "krypton-199K": (3.60, 0.335),
        "xenon-274K": (3.90, 0.440),
    }
)
"""σ in Å and ε in kcal/mol about which truths scatter."""

SYSTEMS = tuple(ABOUT)

OFF = (1.03, 1.25)
"""How far the references of strangers are from these; their priors are centred there."""

_QUICK = ("refine.chains=2", "refine.tune=100", "refine.draws=100")
_FEW = ("refine.round_size=2", "refine.draws=50")
"""Errors of an integral equation are what they are said to be: two a round say what four do."""

_SMALL = ("engine.particles=500", "engine.equilibration_steps=1000", "engine.production_steps=3000")


@dataclass(frozen=True)
class World:
    """A kind of twin, the same for all liquids.

    Parameters
    ----------
    title : str
        As tables call it.
    observe : str
        What is measured.
    settings : tuple of str
        Of the engine.
    twins : int
        Of each liquid.
    share : int
        Of each liquid in one round, so that what is done is balanced at all times.
    """

    title: str
    observe: str
    settings: tuple[str, ...]
    twins: int
    share: int

    def campaign(self, system: str) -> Campaign:
        """Return the campaign of a liquid: nothing is told but its state and a rough start."""
        sigma, epsilon = (factor * x for factor, x in zip(OFF, ABOUT[system], strict=True))
        own = [
            f"{table}.{key}={value!r}"
            for table in ("reference", "prior")
            for key, value in (("sigma", sigma), ("epsilon", epsilon))
        ]
        config = load_config(system, [*own, *_QUICK, *self.settings], observe=self.observe)
        return Campaign(config, "mie,exp6", Stranger(), ABOUT[system])


_HNC = ("engine.name=integral_equation", "engine.sampling_error=0.005", *_FEW)

WORLDS: Mapping[str, World] = MappingProxyType(
    {
        "fast": World("integral equation, g(r) alone", "g", _HNC, 18, 2),
        "pressure": World("integral equation, g(r) and pressure", "g,pressure", _HNC, 8, 1),
        "md": World(
            "molecular dynamics, g(r) and pressure", "g,pressure",
            ("engine.name=lammps", *_SMALL), 3, 1,
        ),
    }
)  # fmt: skip
