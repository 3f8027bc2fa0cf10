"""From a configuration to the objects that run."""

from __future__ import annotations

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.plan import rdf_reach
from sopr_uq.engine.protocol import Engine, check_records
from sopr_uq.engine.traits import TRAITS, following
from sopr_uq.errors import InputError
from sopr_uq.experiment.boxed import boxed
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.rule import Rule
from sopr_uq.refine.rules import RULES
from sopr_uq.refine.start import stabilised
from sopr_uq.threads import one_thread
from sopr_uq.workflow.config import Config


@one_thread
def build_rule(config: Config) -> Rule:
    """Read the data of a configuration and return its update rule.

    Raises
    ------
    InputError, InputErrors
        If the data cannot be used.
    """
    system = config.build_system()
    problem = Problem(
        liquids=tuple(
            boxed(liquid, rdf_reach(config.engine, liquid.state.density))
            for liquid in (system.liquid, *config.build_states(system.makeup))
        ),
        reference=system.makeup.references,
        frozen=system.makeup.frozen,
        corrected=system.makeup.corrected,
        settings=config.refine,
        cutoff=config.engine.cutoff,
        seed=config.seed,
        prior=config.prior,
    )
    if config.refine.stable_start:
        problem = stabilised(problem)
    return RULES[config.refine.rule](problem)


def build_engine(config: Config, rule: Rule) -> Engine:
    """Return the engine of a configuration, with the cut-off of the problem.

    Where motion is among the data ``auto`` means LAMMPS, which follows it.

    Raises
    ------
    EngineUnavailable
        If it is not installed.
    InputError
        If it does not record what was measured.
    """
    record = rule.problem.record
    settings = config.engine.model_copy(update={"cutoff": rule.problem.r_cut})
    settings = settings.model_copy(update={"name": following(settings.name, record)})
    if RULES[config.refine.rule].by_response and not TRAITS[settings.name].correlated:
        raise InputError(
            "engine.name",
            f"an engine with correlations for the {config.refine.rule} rule",
            settings.name,
            "integral_equation, which is as quick",
        )
    engine = make_engine(settings)
    check_records(engine.name, engine.traits, record)
    return engine
