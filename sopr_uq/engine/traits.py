"""What the rest of the package has to know about an engine, beside its name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sopr_uq.engine.settings import EngineName


@dataclass(frozen=True)
class Traits:
    """How an engine works.

    Parameters
    ----------
    instant : bool
        It takes hundredths of a second, and has neither steps nor a trajectory.
    boxed : bool
        Its particles are in a periodic box, which the cut-off has to fit.
    concurrent : bool
        Several simulations side by side, of one thread each, are done sooner
        than in turn.
    exact : bool
        It gives the same whatever the seed: without sampling error.
    repeats : bool
        Equal seeds give equal numbers, bit for bit; where many threads add in no fixed order
        they agree within their errors only.
    records : frozenset of str
        Which of :data:`RECORDS` it records when asked, and whether :data:`COEXISTENCE`.
    based : bool
        Whether it knows bases (:class:`~sopr_uq.experiment.base.Base`).
    molecules : bool
        Whether it moves rigid molecules, and knows charges.
    flexible : bool
        Whether it moves molecules that bend and stretch as well.
    correlated : bool
        Whether its particles meet more than one other at a time, as those of a liquid do.
    """

    instant: bool = False
    boxed: bool = True
    concurrent: bool = True
    exact: bool = False
    repeats: bool = True
    records: frozenset[str] = frozenset()
    based: bool = False
    molecules: bool = False
    flexible: bool = False
    correlated: bool = True


FLUCTUATIONS = "fluctuations"
"""What every snapshot has, of which the response to the potentials follows."""

RECORDS = frozenset({"diffusion", "viscosity", "heat-capacity", FLUCTUATIONS})
"""What an engine may be asked to record beside g(r), pressure and energy."""


COEXISTENCE = "coexistence"
"""What a slab between its vapour tells: a simulation of its own, which records nothing else."""

_SHARED = Traits(concurrent=False, records=RECORDS, molecules=True)
"""One graphics processor serves one simulation at a time."""

_INSTANT = Traits(instant=True, boxed=False, concurrent=False, exact=True)

TRAITS: Mapping[EngineName, Traits] = {
    "lammps": Traits(records=RECORDS | {COEXISTENCE}, based=True, molecules=True, flexible=True),
    "hoomd": _SHARED,
    "auto": _SHARED,
    "integral_equation": _INSTANT,
    "dilute": replace(_INSTANT, correlated=False),
}
"""By name in a configuration, where no engine is made; ``auto`` has what all it may be have."""


def following(name: EngineName, record: Collection[str]) -> EngineName:
    """Return what a name in a configuration means where something is to be recorded."""
    return "lammps" if name == "auto" and record else name
