"""From ensembles to laws: one call, one tree of results."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq import provenance
from sopr_uq.derived.summary import IntervalKind, check_prob, interval, summary
from sopr_uq.laws.agreement import Agreement
from sopr_uq.laws.choice import comparison, leave_one_out, sensitivity
from sopr_uq.laws.ensembles import Ensemble, Prepared, check_together, prepare, quantities_of
from sopr_uq.laws.law import DEFAULT_PRIORS, LAWS, QUANTITIES, Priors, unit
from sopr_uq.laws.sampling import Sampling, sample_law

KIND_OF_LAWS = "laws"
TABLES = ("parameters", "comparison", "leave_one_out", "prior_sensitivity", "agreement")
_LARGEST_RHAT = 1.01
_SMALLEST_ESS = 400.0


@dataclass(frozen=True)
class FitSettings:
    """How laws are fitted and reported.

    Parameters
    ----------
    sampling : Sampling
        Samplers and seed.
    priors : mapping of str to Priors
        By quantity.
    ci_prob, ci_kind
        The interval of every table: probability, and "eti" or "hdi".

    Raises
    ------
    InputError
        If the probability is none.
    """

    sampling: Sampling = field(default_factory=Sampling)
    priors: Mapping[str, Priors] = field(default_factory=lambda: DEFAULT_PRIORS)
    ci_prob: float = 0.95
    ci_kind: IntervalKind = "eti"

    def __post_init__(self) -> None:
        check_prob(self.ci_prob)


def fit_laws(ensembles: Sequence[Ensemble], settings: FitSettings | None = None) -> xr.DataTree:
    """Fit every law to every quantity that all ensembles have.

    Parameters
    ----------
    ensembles : sequence of Ensemble
        One for each element, at least two.
    settings : FitSettings, optional
        Samplers, seed, priors, interval.

    Returns
    -------
    DataTree
        ``/elements`` what went in: α and a summary of each ensemble, what its ``band``
        stands for, whether it is ``doubtful``, and its ``prior_share``.
        ``/{quantity}/{law}`` draws of ``a``, ``log_a``, ``b``, ``tau`` and the draws
        of the ensembles that go with them (``draw_index``), with sampler
        diagnostics as attributes.
        ``/parameters`` their summary; ``/comparison`` of the laws by marginal
        likelihood and leave-one-out; ``/leave_one_out`` by element;
        ``/prior_sensitivity``; ``/agreement`` of NUTS and emcee. Every group names
        its interval in ``ci_kind`` and ``ci_prob``.

    Raises
    ------
    InputError
        If the ensembles cannot stand in one law.

    Warns
    -----
    UserWarning
        If rules are mixed, an ensemble is doubtful, a sampler failed its
        diagnostics, or the two samplers disagree.
    """
    settings = settings or FitSettings()
    check_together(ensembles)
    groups = [_fit_quantity(ensembles, q, settings) for q in quantities_of(ensembles)]
    tables = {
        name: xr.concat(
            [group[name] for group in groups], "quantity", join="exact", coords="minimal"
        )
        for name in TABLES
    }
    tree = {f"/{path}": ds for group in groups for path, ds in group["posterior"].items()}
    tree |= {f"/{name}": ds for name, ds in tables.items()}
    tree["/elements"] = _elements(ensembles, settings)
    how = {"ci_kind": settings.ci_kind, "ci_prob": settings.ci_prob}
    root = {
        "kind": KIND_OF_LAWS,
        "seed": settings.sampling.seed,
        "created": provenance.now(),
        **how,
    }
    root |= {f"version_{k}": v for k, v in provenance.versions().items()}
    tree = {path: ds.assign_attrs(how) for path, ds in tree.items()}
    tree["/"] = xr.Dataset(attrs=root)
    laws = xr.DataTree.from_dict(tree, name="laws")
    for fault in sampling_faults(laws):
        warnings.warn(f"{fault}; the result is kept", UserWarning, stacklevel=2)
    return laws


def sampling_faults(laws: xr.DataTree) -> list[str]:
    """Say, for each law whose sampling must not be trusted blindly, what is wrong with it."""
    found = []
    for quantity in (q for q in QUANTITIES if q in laws.children):
        for name, node in laws[quantity].children.items():
            checked = laws["agreement"].to_dataset().sel(quantity=quantity, law=name)
            faults = list(_faults(node.attrs, checked))
            found += [f"{node.attrs['formula']}: {', '.join(faults)}"] if faults else []
    return found


def _faults(attrs: Mapping[Any, Any], agreement: xr.Dataset) -> Iterator[str]:
    if attrs["divergences"]:
        yield f"{attrs['divergences']} divergences"
    if attrs["max_rhat"] > _LARGEST_RHAT:
        yield f"R-hat {attrs['max_rhat']:.3f}"
    if attrs["min_ess"] < _SMALLEST_ESS:
        yield f"effective sample size {attrs['min_ess']:.0f}"
    if float(agreement["largest_z"]) > float(agreement["limit"]):
        yield f"NUTS and emcee {float(agreement['largest_z']):.1f} standard errors apart"


def _fit_quantity(
    ensembles: Sequence[Ensemble], quantity: str, settings: FitSettings
) -> dict[str, Any]:
    prepared = prepare(ensembles, quantity)
    priors = settings.priors[quantity]
    names = [e.element for e in ensembles]
    posteriors, tables, agreements = {}, [], {}
    for law in QUANTITIES[quantity]:
        prior = priors.of(law, prepared.level)
        draws, agreement = sample_law(prepared, law, prior, quantity, settings.sampling)
        posteriors[f"{quantity}/{law.name}"] = _with_input(draws, prepared, priors, names)
        table = summary(
            draws[["a", "b", "tau"]], ci_prob=settings.ci_prob, ci_kind=settings.ci_kind
        )
        table = table.reset_coords("unit").rename(quantity="parameter")
        tables.append(table.expand_dims(law=[law.name]))
        agreements[law.name] = agreement
    left_out = leave_one_out(prepared, priors, quantity, settings.ci_prob)
    labelled = {
        "parameters": _all_laws(xr.concat(tables, "law", coords="minimal")),
        "leave_one_out": left_out.assign_coords(element=names),
        "prior_sensitivity": sensitivity(prepared, priors, quantity),
        "agreement": _all_laws(_agreement(agreements)),
    }
    labelled["comparison"] = comparison(labelled["prior_sensitivity"], left_out)
    expanded = {name: ds.expand_dims(quantity=[quantity]) for name, ds in labelled.items()}
    return {"posterior": posteriors, **expanded}


def _all_laws(ds: xr.Dataset) -> xr.Dataset:
    """Give every quantity the same laws; those it lacks are NaN or empty."""
    empty = {name: "" for name, x in ds.data_vars.items() if x.dtype.kind in "UOT"}
    return ds.reindex(law=list(LAWS), fill_value={**dict.fromkeys(ds.data_vars, np.nan), **empty})


def _with_input(
    draws: xr.Dataset, prepared: Prepared, priors: Priors, names: list[str]
) -> xr.Dataset:
    attrs = {f"prior_{name}": value for name, value in vars(priors).items()}
    attrs |= {"prior_level": prepared.level, "reference_log_alpha": prepared.log_polarizability}
    return draws.assign_coords(element=names).assign_attrs(attrs)


def _agreement(found: Mapping[str, Agreement | None]) -> xr.Dataset:
    checked = {name: a for name, a in found.items() if a is not None}
    columns = {
        "largest_z": [a.largest for a in checked.values()],
        "limit": [a.limit for a in checked.values()],
    }
    return xr.Dataset(
        {k: ("law", np.array(v, dtype=float)) for k, v in columns.items()}, {"law": list(checked)}
    )


def _elements(ensembles: Sequence[Ensemble], settings: FitSettings) -> xr.Dataset:
    quantities = quantities_of(ensembles)
    found = np.empty((len(quantities), len(ensembles), 4))
    for i, quantity in enumerate(quantities):
        for j, e in enumerate(ensembles):
            d = np.exp(e.log_draws(quantity)[0])
            found[i, j] = (
                d.mean(),
                d.std(ddof=1),
                *interval(d, settings.ci_prob, settings.ci_kind),
            )
    columns: dict[str, Any] = {
        name: (("quantity", "element"), found[..., k])
        for k, name in enumerate(("mean", "sd", "lower", "upper"))
    }
    for name in ("polarizability", "polarizability_error"):
        columns[name] = ("element", [getattr(e, name) for e in ensembles], {"units": "angstrom3"})
    share = [[e.prior_share(q) for e in ensembles] for q in quantities]
    columns["prior_share"] = (("quantity", "element"), share, {"units": "1"})
    columns["doubtful"] = ("element", np.array([e.doubtful for e in ensembles], dtype=np.int8))
    for name in ("rule", "source", "band"):
        columns[name] = ("element", [getattr(e, name) for e in ensembles])
    coords = {"quantity": list(quantities), "element": [e.element for e in ensembles]}
    units = ("quantity", [unit(q) for q in quantities])
    return xr.Dataset(columns, {**coords, "unit": units})
