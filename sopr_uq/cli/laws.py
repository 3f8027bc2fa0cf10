"""Commands about laws: learn them from finished runs, predict with them."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from sopr_uq.cli.codes import NOT_CONVERGED, OK, RESULT_DOUBTFUL
from sopr_uq.cli.json_output import json_option, print_json
from sopr_uq.cli.show_laws import print_laws, print_predictions
from sopr_uq.derived.summary import concise
from sopr_uq.errors import InputError
from sopr_uq.experiment.elements import PolarizabilitySet

if TYPE_CHECKING:
    import xarray as xr

    from sopr_uq.laws import FitSettings

_SETS = click.Choice(get_args(PolarizabilitySet.__value__))


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="DIR...")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="laws.nc",
    show_default=True,
    help="New file for the laws.",
)
@click.option(
    "--polarizabilities",
    type=_SETS,
    default="recommended",
    show_default=True,
    help="Set of polarizabilities: recommended, with errors, or that of the QDO paper.",
)
@click.option(
    "--emcee/--no-emcee", default=True, show_default=True, help="Check PyMC's draws with emcee."
)
@click.option("--prob", default=0.95, show_default=True, help="Probability of the intervals.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True,
    help="Seed of every random choice.",
)  # fmt: skip
@json_option
def laws(
    runs: tuple[str, ...],
    out: Path,
    polarizabilities: PolarizabilitySet,
    emcee: bool,
    prob: float,
    seed: int,
    as_json: bool,
) -> None:
    """Learn power laws in polarizability from the finished refinements in DIR...

    One folder (or result.nc) for each element. The element is known for shipped
    systems; for one's own data write it before the folder: Xe=DIR. Exit code 3: a
    refinement among them is doubtful, or a sampler's diagnostics are bad; the laws are
    kept, and say so.
    """
    from sopr_uq.workflow.laws import laws_of_runs

    with warnings.catch_warnings():
        # They are kept with the result and printed from there.
        warnings.simplefilter("ignore", UserWarning)
        found = laws_of_runs(
            runs, out, polarizabilities=polarizabilities, settings=_settings(emcee, prob, seed)
        )
    print_laws(found, out, as_json=as_json)
    sys.exit(_code(found))


def _code(found: xr.DataTree) -> int:
    from sopr_uq.laws import doubtful_elements, sampling_faults

    if doubtful_elements(found):
        return RESULT_DOUBTFUL
    return NOT_CONVERGED if sampling_faults(found) else OK


def _settings(emcee: bool, prob: float, seed: int) -> FitSettings:
    from sopr_uq.laws import EnsembleSettings, FitSettings, Sampling

    check = EnsembleSettings() if emcee else None
    return FitSettings(Sampling(ensemble=check, seed=seed), ci_prob=prob)


@click.command()
@click.argument("targets", nargs=-1, metavar="[ELEMENT]...")
@click.option(
    "--laws",
    "path",
    type=click.Path(path_type=Path),
    default="laws.nc",
    show_default=True,
    help="File that `sopr-uq laws` wrote.",
)
@click.option(
    "--alpha", multiple=True, metavar="α±ERROR", help="A bare polarizability in Å³: 5.19±0.30."
)
@click.option("--law", help="Law of the sizes: qdo (1/7, the default), classical (1/3), free.")
@click.option("--polarizabilities", type=_SETS, help="Set of polarizabilities; default the laws'.")
@click.option("--prob", type=float, help="Probability of the intervals; default that of the laws.")
@json_option
def predict(
    targets: tuple[str, ...],
    path: Path,
    alpha: tuple[str, ...],
    law: str | None,
    polarizabilities: PolarizabilitySet | None,
    prob: float | None,
    as_json: bool,
) -> None:
    """Predict potentials of elements that nobody has measured, such as He Rn Og."""
    from sopr_uq import laws as api
    from sopr_uq.workflow.laws import read_laws

    known = read_laws(path)
    wanted: list[str | api.Target] = [*targets, *(api.parse_target(text) for text in alpha)]
    if not wanted:
        raise InputError("targets", "an element or --alpha", "neither", "sopr-uq predict He Rn Og")
    chosen = polarizabilities or known.attrs.get("polarizabilities", "recommended")
    aims = [api.as_target(target, chosen) for target in wanted]
    found = api.predict(known, aims, law=law, ci_prob=prob)
    if as_json:
        print_json(found)
        return
    alpha_text = {t.name: concise(t.polarizability, t.polarizability_error) for t in aims}
    print_predictions(found, known, alpha_text)
