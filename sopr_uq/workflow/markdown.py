"""Reports in markdown, made to be pasted into a paper's supporting information."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.derived.pairs import each_pair
from sopr_uq.derived.summary import concise
from sopr_uq.errors import InputError
from sopr_uq.posterior.arviz import OF_ARVIZ
from sopr_uq.posterior.observed import measured
from sopr_uq.workflow import laws_report
from sopr_uq.workflow.citations import citations
from sopr_uq.workflow.report import LABELS, PRINTED_UNITS, budget, facts, head, remarks_of, table

_FILES = ("file", "covariance")


def report(tree: xr.DataTree, prob: float = 0.95) -> str:
    """Return a report on a refinement's result, or on laws.

    Parameters
    ----------
    tree : DataTree
        As read from ``result.nc`` or ``laws.nc``.
    prob : float
        Probability of the equal-tailed intervals.

    Returns
    -------
    str
        Markdown: numbers as 3.399(7), settings, versions, citations.

    Raises
    ------
    InputError
        If it is another kind of result.
    """
    if tree.attrs.get("kind", "laws") != "laws":
        found, advice = f"one of kind {tree.attrs['kind']!r}", "sopr-uq show, sopr-uq figures"
        raise InputError("report", "a refinement's result, or laws", found, advice)
    body = _laws(tree, prob) if tree.attrs.get("kind") == "laws" else _refinement(tree, prob)
    references = [f"{i}. {c.text}." for i, c in enumerate(citations(tree), start=1)]
    return "\n".join([*body, "", "## Please cite", "", *references])


def filled(text: str, blocks: Mapping[str, Iterable[str]]) -> str:
    """Put lines between the markers ``<!-- name:begin -->`` and ``<!-- name:end -->``.

    Parameters
    ----------
    text : str
        Markdown.
    blocks : mapping of str to iterable of str
        Lines by the name of their place; what stood there is replaced.

    Raises
    ------
    InputError
        If a place is not there.
    """
    for name, lines in blocks.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise InputError("a text to be filled in", f"{begin} ... {end}", "neither or one")
        text = "\n".join([before + begin, *lines, end + after])
    return text


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    # A bar would end its cell.
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], f"|{'---|' * len(head)}", *lines[1:]]


def _refinement(tree: xr.DataTree, prob: float) -> Iterator[str]:
    yield from (f"# {tree.attrs['system']}: effective pair potential", "")
    yield from markdown_table(head(tree, prob), table(tree, prob))
    yield from ("", *_bullets(facts(tree)), *_bullets(_sampler(tree)))
    yield from _prior(tree)
    yield from _budget(tree)
    yield from ("", "## Measurements", "")
    data = measured(tree)
    for name, values in data.data_vars.items():
        if f"{name}_used" in data:
            used = int(data[f"{name}_used"].sum())
            source = values.attrs.get("source") or "own data"
            yield f"- {name}: {used} of {values.size} points used; {source}"
            yield from (f"  - {remark}" for remark in remarks_of(values))
    yield from ("", "## Settings", "", "```toml", *_settings(tree), "```")
    yield from ("", "## Versions", "", *_versions(json.loads(tree.attrs["versions"])))


def _prior(tree: xr.DataTree) -> Iterator[str]:
    """What was believed beforehand, and how the answer moves when it is believed otherwise."""
    attrs = tree["prior"].attrs if "prior" in tree.children else {}
    numbers = {k: v for k, v in attrs.items() if k not in OF_ARVIZ}
    if numbers:
        lines = [(str(key), _number(value)) for key, value in numbers.items()]
        yield from ("", "## Prior", "", *_bullets(lines))
    if "prior_sensitivity" in tree.children:
        yield from ("", "## Under other priors", "")
        for label, one in each_pair(tree):
            if not np.isfinite(one["prior_sensitivity"].to_dataset()["mean"]).any():
                # a correction has none of the numbers that are followed
                continue
            yield from (f"{label}:", "") if label else ()
            yield from _sensitivity(one["prior_sensitivity"].to_dataset(), _units(one))
            yield from ("",) if label else ()


def _budget(tree: xr.DataTree) -> Iterator[str]:
    """Where the variance of each number comes from, in per cent."""
    for label, one in each_pair(tree):
        shares = budget(one)
        if not shares:
            # nothing was followed, as of a correction
            return
        yield from ("", f"## Where the variance comes from {label}".rstrip(), "")
        sources = list(next(iter(shares.values())))
        rows = [
            (LABELS.get(name, name), *(f"{100 * share:.0f} %" for share in each.values()))
            for name, each in shares.items()
        ]
        yield from markdown_table(("", *sources), rows)


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _sensitivity(found: xr.Dataset, units: Mapping[str, str]) -> Iterator[str]:
    names = [str(name) for name in found["descriptor"].values]
    head = ("prior", *(f"{LABELS.get(n, n)} / {units.get(n, '1')}" for n in names))
    rows = []
    for variant in found["variant"].values:
        one = found.sel(variant=variant)
        pairs = zip(one["mean"].values, one["sd"].values, strict=True)
        rows.append((str(variant), *(concise(float(m), float(s)) for m, s in pairs)))
    yield from markdown_table(head, rows)
    usual = found.isel(variant=0)
    moved = abs(found["mean"] - usual["mean"]) / usual["sd"]
    place = moved.argmax(...)
    worst = moved.isel(place)
    name = str(worst["descriptor"].item())
    yield ""
    yield (
        f"The mean that moves most is that of {LABELS.get(name, name)}, by {float(worst):.1f} "
        f"posterior sd ({worst['variant'].item()})."
    )


def _units(tree: xr.DataTree) -> dict[str, str]:
    derived = tree["derived"].to_dataset()
    units = {str(name): str(x.attrs.get("units", "1")) for name, x in derived.data_vars.items()}
    return {name: PRINTED_UNITS.get(unit, unit) for name, unit in units.items()}


def _sampler(tree: xr.DataTree) -> list[tuple[str, str]]:
    if "sample_stats" not in tree.children:
        return []
    found = {n: x for n, x in tree["sample_stats"].data_vars.items() if not x.ndim}
    text = ", ".join(f"{name} {float(value):.4g}" for name, value in found.items())
    return [("sampler", text)] if text else []


def _settings(tree: xr.DataTree) -> list[str]:
    import tomli_w

    return tomli_w.dumps(_tidied(json.loads(tree.attrs["settings"]))).rstrip().splitlines()


def _tidied(value: Any, key: str = "") -> Any:
    """Drop blanks, and the folders of files: their hashes tell what they were."""
    if isinstance(value, list):
        return [_tidied(inner) for inner in value]
    if isinstance(value, dict):
        return {k: _tidied(v, k) for k, v in value.items() if v not in ("", None, [])}
    return PurePath(value).name if key in _FILES else value


def _laws(tree: xr.DataTree, prob: float) -> Iterator[str]:
    yield from ("# Power laws in polarizability", "")
    rows = laws_report.element_rows(tree)
    yield from markdown_table(laws_report.element_head(tree), rows)
    yield from ("", *markdown_table(laws_report.LAW_HEAD, laws_report.law_rows(tree)))
    yield from ("", laws_report.LAW_LEGEND, "", f"{100 * prob:g} % equal-tailed intervals:", "")
    yield from markdown_table(laws_report.INTERVAL_HEAD, laws_report.interval_rows(tree, prob))
    yield from ("", *_bullets(laws_report.laws_facts(tree)))
    yield from ("", "## Priors", "", *_priors(tree), "", "## Versions", "")
    prefix = "version_"
    attrs = {str(key): value for key, value in tree.attrs.items()}
    yield from _versions({k.removeprefix(prefix): v for k, v in attrs.items() if prefix in k})


def _priors(tree: xr.DataTree) -> Iterator[str]:
    for quantity in laws_report.quantities(tree):
        a = tree[f"{quantity}/free"].attrs
        yield (
            f"- {quantity}: b ~ N({a['prior_exponent_mean']:g}, {a['prior_exponent_sd']:g}²) where "
            f"free, τ ~ {a['prior_scatter_family']}({a['prior_scatter']:g}), log level "
            f"~ N({a['prior_level']:.3f}, {a['prior_level_sd']:g}²) at log α = "
            f"{a['reference_log_alpha']:.3f}"
        )


def _bullets(lines: Sequence[tuple[str, str]]) -> list[str]:
    return [f"- {name}: {text}" for name, text in lines]


def _versions(versions: Mapping[str, Any]) -> list[str]:
    return [", ".join(f"{name} {version}" for name, version in versions.items())]
