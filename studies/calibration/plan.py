"""What is refined: four liquids, the worlds of their twins, two rules, and how many of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sopr_uq import load_config
from sopr_uq.workflow.campaign import Campaign
from sopr_uq.workflow.twins import Measurement

SYSTEMS = ("neon-42K", "argon-85K", "krypton-199K", "xenon-274K")

ABOUT: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "neon-42K": (2.78, 0.062),
        "argon-85K": (3.40, 0.238),
        "krypton-199K": (3.60, 0.335),
        "xenon-274K": (3.90, 0.440),
    }
)
"""σ in Å and ε in kcal/mol about which truths that are not from the prior scatter."""

LIKE_THE_REAL: Mapping[str, Measurement] = MappingProxyType(
    {
        "neon-42K": Measurement(noise=0.01, reading=0.01, scale=0.01, level=0.005),
        "argon-85K": Measurement(noise=0.01, scale=0.005, level=0.005),
        "krypton-199K": Measurement(noise=0.008, reading=0.01, scale=0.015, level=0.005),
        "xenon-274K": Measurement(noise=0.012, reading=0.015, scale=0.02, level=0.005),
    }
)
"""How large the errors of the real curves seem to be."""

_QUICK = ("refine.chains=2", "refine.tune=150", "refine.draws=100")


_SMALL = ("engine.particles=500", "engine.equilibration_steps=1000", "engine.production_steps=3000")
"""Small boxes and short runs, with noise as large as theirs."""

_COUNTED = "engine.sampling_error=0.005"
"""The integral equation with the sampling error of a short simulation."""


@dataclass(frozen=True)
class World:
    """A kind of twin, the same for all liquids.

    Parameters
    ----------
    title : str
        As tables and figures call it.
    rule : str
        That refines.
    engine : str
    family : str
        Of the truths.
    twins : int
        Of each liquid.
    share : int
        Of each liquid in one round, so that what is done is balanced at all times.
    settings : tuple of str
        Beyond the preset.
    like_the_real : bool
        Measured with errors of the real size; otherwise sizes are drawn from the prior.
    """

    title: str
    rule: str
    engine: str
    family: str
    twins: int
    share: int
    settings: tuple[str, ...] = ()
    like_the_real: bool = False

    def campaign(self, system: str) -> Campaign:
        """Return the campaign of a liquid."""
        given = [f"refine.rule={self.rule}", f"engine.name={self.engine}", *self.settings]
        config = load_config(system, given, observe="g,pressure" if self.rule == "newton" else "g")
        measurement = LIKE_THE_REAL[system] if self.like_the_real else Measurement()
        return Campaign(config, self.family, measurement, ABOUT[system])


WORLDS: Mapping[str, World] = MappingProxyType(
    {
        "md": World(
            "newton, molecular dynamics", "newton", "lammps", "mie,exp6", 25, 1,
            (*_SMALL, *_QUICK), like_the_real=True,
        ),
        "md-other": World(
            "newton, molecular dynamics, truths far from the prior", "newton", "lammps",
            "morse,shoulder", 6, 1, (*_SMALL, *_QUICK), like_the_real=True,
        ),
        "prior": World(
            "newton, truths from the prior", "newton", "integral_equation", "prior", 125, 5,
            (_COUNTED, *_QUICK),
        ),
        "mixed": World(
            "newton, other truths", "newton", "integral_equation", "mixed", 40, 4,
            (_COUNTED, *_QUICK),
        ),
        "metal": World(
            "newton, potentials that oscillate", "newton", "integral_equation", "oscillating", 10,
            1, (_COUNTED, *_QUICK),
        ),
        "sopr": World(
            "sopr, truths from the prior", "sopr", "integral_equation", "prior", 100, 4,
            _QUICK,
        ),
    }
)  # fmt: skip
