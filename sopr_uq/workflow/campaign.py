"""What a calibration does: which twins, how they are made, and one of them from its number."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import xarray as xr

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import single_threaded
from sopr_uq.engine.protocol import Engine
from sopr_uq.errors import InputError, RuleFailed, SimulationFailed
from sopr_uq.interrupts import obey
from sopr_uq.potentials import Tabulated
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.rules import RULES
from sopr_uq.rng import integer_seed, stream
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.config import Config
from sopr_uq.workflow.stranger import Stranger
from sopr_uq.workflow.truths import corresponding, draw_truth, members
from sopr_uq.workflow.twins import Measurement, Twin, make_twin, refine_twin, truth_of

_LARGER = 2
_LONGER = 16
"""Times the particles and the steps of a refinement's run. A real measurement has no error of a
simulation in it, and the rule is told of none. That of a run four times as long was still a quarter
of the posterior variance of σ in dense argon, where refinements scatter by 1.4 posterior standard
deviations from one run of theirs to the next; of one as long as this it is a sixteenth."""

_FAILURES = 50


def _of_one_atom(config: Config) -> bool:
    """Whether what is refined is the whole potential of an element: such truths are drawn."""
    if config.base is not None or len(config.molecule) > 1 or len(config.pair) > 1:
        return False
    atoms = all(each.mass is not None for each in config.molecule)
    return atoms and not any(each.corrected or each.refine is False for each in config.pair)


@dataclass(frozen=True)
class Campaign:
    """How the twins of a calibration are made.

    Parameters
    ----------
    config : Config
        Of the real liquid; its seed is that of the calibration.
    family : str
        Of the truths, several in turn; see :func:`~sopr_uq.workflow.truths.members`.
    measurement : Measurement or Stranger
        How they are measured.
    about : tuple of float, optional
        σ in Å and ε in kcal/mol about which truths that are not drawn from the
        prior scatter; by default those of what is simulated first.
    """

    config: Config
    family: str = "prior"
    measurement: Measurement | Stranger = field(default_factory=Measurement)
    about: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        members(self.family)
        if self.config.state:
            raise InputError("twins", "one state point", f"{1 + len(self.config.state)}")
        if not _of_one_atom(self.config):
            raise InputError(
                "twins", "a liquid of single atoms whose whole potential is refined",
                "a mixture, a molecule, or a correction",
                "a study of your own: sopr_uq.workflow.twins makes and refines one twin",
            )  # fmt: skip

    def settings(self) -> dict[str, Any]:
        """Return all but the configuration, for a file beside it."""
        measurement = {k: v for k, v in asdict(self.measurement).items() if v is not None}
        how = "stranger" if isinstance(self.measurement, Stranger) else "measurement"
        about = {} if self.about is None else {"about": list(self.about)}
        return {"family": self.family, how: measurement} | about

    @cached_property
    def problem(self) -> Problem:
        """The real problem, whose measurements the twins imitate."""
        return build_rule(self.config).problem

    @cached_property
    def engine(self) -> Engine:
        """What simulates in a refinement; on one thread, so that it always does the same."""
        return single_threaded(build_engine(self.config, build_rule(self.config)))

    @cached_property
    def truth_engine(self) -> Engine:
        """What simulates the truth: large and long, or without an error at all."""
        e = self.config.engine
        if self.engine.traits.instant:
            exact = e.model_copy(update={"cutoff": self.problem.r_cut, "sampling_error": 0.0})
            return make_engine(exact)
        return single_threaded(
            make_engine(
                e.model_copy(
                    update={
                        "cutoff": self.problem.r_cut,
                        "particles": _LARGER * e.particles,
                        "equilibration_steps": _LARGER * e.equilibration_steps,
                        "production_steps": _LONGER * e.production_steps,
                    }
                )
            )
        )

    def twin(self, number: int) -> tuple[Twin, int]:
        """Return a twin, and how many truths were refused as their liquid is none.

        It depends on the seed and on its number alone.
        """
        families, p = members(self.family), self.problem
        family = families[number % len(families)]
        centre = self.about or (p.sigma, p.first_epsilon)
        # the name too: twins of several liquids are then independent and can be pooled
        name, seed = self.config.system.name, self.config.seed
        rng = stream(seed, name, "truth", family, number)
        for refused in range(_FAILURES):
            truth = draw_truth(p, centre, family, rng)
            own = replace(p, seed=integer_seed(seed, name, "refinement", number))
            try:
                twin = make_twin(
                    own,
                    truth,
                    self.truth_engine,
                    self.measurement,
                    seed=integer_seed(seed, name, "twin", number, refused),
                    family=family,
                )
            except (SimulationFailed, RuleFailed):
                continue
            return twin, refused
        raise InputError("family", "truths that can be simulated", f"none of {_FAILURES}")

    def result(self, number: int) -> xr.Dataset:
        """Make and refine a twin; a refinement that fails is a result too.

        Returns
        -------
        Dataset
            Of :func:`~sopr_uq.workflow.twins.refine_twin`; without a posterior
            only the truth. Attributes: ``outcome``, ``error`` and the rest.
        """
        twin, refused = self.twin(number)
        try:
            found = refine_twin(twin, RULES[self.config.refine.rule], self.engine)
        except Exception as error:
            # but for an interrupt that a library turned into an error: that is no failure
            obey()
            # whatever it is, it is counted: a calibration that drops its failures flatters
            text = f"{type(error).__name__}: {error}"
            found = truth_of(twin).assign_attrs(outcome="failed", error=text)
        state = self.problem.liquids[0].state
        reduced = corresponding(Tabulated(self.problem.r, twin.truth), state)
        return found.assign_attrs(
            number=number,
            **twin.errors,
            family=twin.family,
            refused=refused,
            reduced_density=reduced.density,
            reduced_temperature=reduced.temperature,
        )
