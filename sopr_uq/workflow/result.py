"""A finished refinement as one labelled tree, and back from disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.derived.correction import CORRECTION, correction_of
from sopr_uq.derived.labelled import describe
from sopr_uq.errors import InputError, SoprUqError
from sopr_uq.inference.theta_sampler import STATISTICS
from sopr_uq.posterior import store
from sopr_uq.posterior.iterations import iterations_dataset
from sopr_uq.posterior.observed import constant_data, observed_data
from sopr_uq.posterior.structure import structure
from sopr_uq.potentials.descriptors import Descriptors
from sopr_uq.provenance import now, versions
from sopr_uq.refine.loop import Refinement
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.rule import Rule
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.config import Config

_OF_SAMPLER = (*STATISTICS, "sampler_draw")
_SAMPLER = ("divergences", "max_rhat", "min_ess", "min_bfmi")
_LOG_PRIOR = "log_prior_"
_TEXTS = ("system", "title", "rule", "preset", "engine", "outcome", "message", "warning")
_NUMBERS = ("temperature", "density", "seed")
_TABLES = ("versions", "settings", "inputs")
_VARIABLES = {
    "posterior/potential": ("chain", "draw", "r"),
    **{f"derived/{name}": ("chain", "draw") for name in Descriptors._fields},
    "iterations/potential": ("iteration", "r"),
    **{
        f"iterations/{name}": ("iteration",)
        for name in ("misfit", "noise", "md_steps", "md_seconds", "seconds")
    },
}
_SMALLEST_ESS = 100.0
_LARGEST_RHAT = 1.05


def assemble(config: Config, rule: Rule, refinement: Refinement) -> xr.DataTree:
    """Return the result of a refinement.

    The groups are ``posterior``, ``derived``, ``structure``, ``observed_data``,
    ``constant_data``, ``iterations`` and ``sample_stats``, with an
    ``iterations_2`` and so on for further state points, and those of
    :meth:`~sopr_uq.refine.rule.Rule.data_groups`; the root attributes are
    the birth certificate.

    Parameters
    ----------
    config : Config
        What was asked for.
    rule : Rule
        The rule that ran.
    refinement : Refinement
        What the loop returned.
    """
    problem = rule.problem
    drawn = rule.posterior(refinement.past)
    sampler = {k: drawn.attrs.pop(k) for k in _SAMPLER if k in drawn.attrs}
    found = derived(problem, drawn["potential"])
    groups = {
        "posterior": _posterior(drawn, found),
        "derived": found,
        "structure": structure(problem, refinement, drawn["potential"]),
        "observed_data": observed_data(rule, drawn),
        "constant_data": constant_data(rule),
        "iterations": iterations_dataset(problem.field, refinement),
        "sample_stats": _statistics(drawn, sampler),
        **rule.data_groups(refinement.past, drawn),
    }
    for number in range(1, len(problem.liquids)):
        groups[f"iterations_{number + 1}"] = iterations_dataset(problem.field, refinement, number)
    tree = xr.DataTree.from_dict({k: v for k, v in groups.items() if v is not None})
    if rule.band == "posterior":
        # the noise is that of the measured curve, not of an energy
        tree["iterations"]["noise"].attrs["units"] = "1"
    tree.attrs.update(_certificate(config, rule, refinement, sampler))
    return tree


def derived(problem: Problem, potential: xr.DataArray) -> xr.Dataset:
    """Return what follows of draws of potentials: descriptors, and corrections to references."""
    field = problem.field
    found = describe(potential, problem.beta)
    if field.shaped.all():
        return found
    shaped = xr.DataArray(field.plain(field.shaped.astype(float)) > 0, field.coords, field.dims)
    reference = np.array(
        [
            term.reference.energy(field.r) if term.corrected else np.full(field.r.size, np.nan)
            for term in field.terms
        ]
    )
    below = xr.DataArray(field.plain(reference, 0), field.coords, (*field.dims, "r"))
    kept = {name: values.where(shaped).assign_attrs(values.attrs) for name, values in found.items()}
    return xr.Dataset(kept).merge(correction_of(potential, below))


def _posterior(drawn: xr.Dataset, found: xr.Dataset) -> xr.Dataset:
    """Return the draws with their descriptors, where other programs look for them."""
    elsewhere = [name for name in drawn if name in _OF_SAMPLER or str(name).startswith(_LOG_PRIOR)]
    known = [name for name in Descriptors._fields if found[name].notnull().any()]
    return _units(drawn.drop_vars(elsewhere).assign(found[known]))


def _statistics(drawn: xr.Dataset, sampler: dict[str, float]) -> xr.Dataset:
    """Return what the sampler says of its draws, and of itself as a whole."""
    kept = [name for name in _OF_SAMPLER if name in drawn]
    return drawn[kept].assign({k: float(v) for k, v in sampler.items()}).drop_attrs(deep=False)


def _units(posterior: xr.Dataset) -> xr.Dataset:
    units = {"potential": "kcal/mol", "width": "kcal/mol", "length": "angstrom", "r": "angstrom"}
    units |= {"pressure": "MPa"}
    for name, unit in units.items():
        if name in posterior.variables:
            posterior[name].attrs["units"] = unit
    return posterior


def _certificate(
    config: Config, rule: Rule, refinement: Refinement, sampler: dict[str, float]
) -> dict[str, str | int | float]:
    last = refinement.iterations[-1]
    measured = [*config.observe, *(o for state in config.state for o in state.observe)]
    hashes = {o.curve or str(o.file or o.kind): o.sha256 or "" for o in measured}
    return {
        "system": config.system.name,
        "title": config.system.title,
        "temperature": config.system.temperature,
        "density": config.system.density,
        **_composition(config),
        "rule": rule.name,
        "band": rule.band,
        "preset": config.preset,
        "seed": config.seed,
        "engine": last.simulations[0].engine,
        "outcome": refinement.outcome,
        "message": refinement.message,
        "warning": sampler_warning(sampler),
        "created": now(),
        "versions": json.dumps(versions()),
        "settings": config.model_dump_json(exclude_none=True),
        "inputs": json.dumps(hashes),
    }


def _composition(config: Config) -> dict[str, str]:
    shares = config.system.composition
    return {} if shares is None else {"composition": json.dumps(shares)}


def sampler_warning(sampler: dict[str, float]) -> str:
    """Say what is wrong with the sampling of the hyperparameters; empty if nothing is."""
    faults = []
    if sampler.get("divergences", 0) > 0:
        faults.append(f"{sampler['divergences']:g} divergences")
    if sampler.get("max_rhat", 1.0) > _LARGEST_RHAT:
        faults.append(f"R-hat up to {sampler['max_rhat']:.3f}")
    if sampler.get("min_ess", np.inf) < _SMALLEST_ESS:
        faults.append(f"effective sample size down to {sampler['min_ess']:.0f}")
    if not faults:
        return ""
    return f"The sampler reports {' and '.join(faults)}: use more refine.tune and refine.draws."


class Result(xr.DataTree):  # type: ignore[no-untyped-call]
    """A refinement's result, which shows its numbers, picture and warnings in a notebook.

    Everything else is xarray's.
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        from sopr_uq.workflow.page import panel

        plain = str(super()._repr_html_())  # type: ignore[no-untyped-call]
        if "derived" not in self.children or "system" not in self.attrs:
            return plain
        return f"{panel(self)}<details><summary>groups</summary>{plain}</details>"


def shown(tree: xr.DataTree) -> Result:
    """Return a result that shows itself, with the same data."""
    return Result.from_dict({node.path: node.to_dataset(inherit=False) for node in tree.subtree})


def load_result(path: Path | str) -> Result:
    """Read the result of a refinement.

    Parameters
    ----------
    path : Path or str
        Its folder, or the netCDF file itself.

    Raises
    ------
    InputError
        If there is none, or the file holds something else.
    """
    tree = load_any(path)
    if "kind" in tree.attrs:
        expected = "the result of a refinement"
        raise InputError(str(path), expected, f"a file of kind {tree.attrs['kind']!r}")
    return shown(tree)


@contextmanager
def readable(tree: xr.DataTree, path: Path) -> Iterator[None]:
    """Within the context, content that nobody can make sense of is a fault of the file.

    It is a fault of this package where the fingerprint says that the file is
    as it was written.

    Raises
    ------
    InputError
        In place of what came of a file without a fingerprint.
    """
    try:
        yield
    except SoprUqError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        if store.FINGERPRINT in tree.attrs and int(tree.attrs["schema"]) > store.OLDEST:
            raise
        found = f"content of another form ({type(error).__name__}: {str(error)[:200]})"
        raise InputError(str(path), "a result as sopr_uq writes it", found) from error


def _check_refinement(tree: xr.DataTree, path: Path) -> None:
    """See that a file has what every result of a refinement has, and numbers where they belong."""
    missing = [name for name in (*_TEXTS, *_NUMBERS, *_TABLES) if not _is_right(tree, name)]
    for name, dims in _VARIABLES.items():
        group, variable = name.split("/")
        dataset = tree[group].to_dataset() if group in tree.children else xr.Dataset()
        if variable not in dataset or not set(dims) <= set(dataset[variable].dims):
            missing.append(f"{name} ({', '.join(dims)})")
        elif not _has_numbers(dataset[variable].values):
            missing.append(f"numbers in {name}")
    if not missing and not _finite(tree, CORRECTION):
        missing = [f"a finite {n}" for n in Descriptors._fields if not _finite(tree, n)]
    if missing:
        shown = ", ".join(missing[:4])
        raise InputError(str(path), "the result of a refinement", f"a file without {shown}")


def load_any(path: Path | str) -> xr.DataTree:
    """Read what a folder or file holds: a refinement's result, or laws (attribute ``kind``)."""
    path = Path(path)
    is_file = path.is_file() or path.suffix == ".nc"
    file = path if is_file else path / store.RESULT
    tree = store.read(file)
    if "kind" not in tree.attrs:
        _check_refinement(tree, file)
    return tree


def _has_numbers(values: FloatArray) -> bool:
    return values.dtype.kind in "fiu" and bool(values.size)


def _finite(tree: xr.DataTree, name: str) -> bool:
    found = tree["derived"].to_dataset()
    return name in found and bool(np.isfinite(found[name].values).any())


def _is_right(tree: xr.DataTree, name: str) -> bool:
    """Whether an attribute is there and of its kind: a text, a number, or a table in JSON."""
    value = tree.attrs.get(name)
    if name in _NUMBERS:
        return isinstance(value, int | float | np.number)
    if name in _TEXTS:
        return isinstance(value, str)
    try:
        return isinstance(value, str) and isinstance(json.loads(value), dict)
    except ValueError:
        return False
