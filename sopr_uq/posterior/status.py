"""What a stored result may be taken for: its outcome, and what its band means.

Everything that prints, draws or learns from a result asks here, so that results
of all ages are read alike.
"""

from __future__ import annotations

import xarray as xr

from sopr_uq.refine.newton.trial import LARGEST_K
from sopr_uq.refine.rule import Band
from sopr_uq.refine.rules import RULES

DOUBTFUL = "doubtful"
UNEXPLAINED = "unexplained"
FAILED = "simulation_failed"
_RESERVES = {DOUBTFUL: "doubtful", UNEXPLAINED: "unexplained", FAILED: "failed"}
"""What is said of numbers: what was known when a refinement failed is no answer."""
_CHECK = "posterior_check"
_BANDS: frozenset[Band] = frozenset(rule.band for rule in RULES.values())


def outcome(result: xr.DataTree) -> str:
    """Return how a refinement ended.

    Parameters
    ----------
    result : DataTree
        A refinement's result.

    Returns
    -------
    str
        ``converged``, ``max_iterations``, ``simulation_failed``, ``doubtful``, or
        ``unexplained`` where no pair potential gives the data within their errors. A
        result that says otherwise but keeps a check it did not pass is doubtful too:
        results were written before there was the word. Empty if it is not said.
    """
    said = str(result.attrs.get("outcome", ""))
    stays = said in _RESERVES or passed(result) is not False
    return said if stays else DOUBTFUL


def is_doubtful(result: xr.DataTree) -> bool:
    """Return whether a result says of itself that it is not to be trusted."""
    return bool(reserve(result))


def reserve(result: xr.DataTree) -> str:
    """Return the word that goes with every number of a result; empty for one to be trusted."""
    return reserve_of(outcome(result))


def reserve_of(said: str) -> str:
    """Return the word that goes with every number that came of an outcome."""
    return _RESERVES.get(said, "")


def passed(result: xr.DataTree) -> bool | None:
    """Return whether a result passed its check by simulations; None where none was made."""
    if _CHECK not in result.children:
        return None
    check = result[_CHECK].to_dataset()
    if "passed" in check:
        return bool(check["passed"])
    # without a k-hat too few simulations were good to say anything
    return "k_hat" in check and float(check["k_hat"]) <= LARGEST_K


def kind_of_band(result: xr.DataTree) -> Band:
    """Return what the spread of a result's draws stands for.

    Parameters
    ----------
    result : DataTree
        A refinement's result.

    Returns
    -------
    {"posterior", "smoothing", "none"}
        What the data leave open; what a smoothing leaves open, which is no interval
        of the truth; or nothing, of a point estimate.
    """
    said = result.attrs.get("band")
    return said if said in _BANDS else band_of_rule(str(result.attrs.get("rule", "")))


def band_of_rule(rule: str) -> Band:
    """Return what the draws of a rule's results stand for; of an unknown rule, a posterior."""
    return RULES[rule].band if rule in RULES else "posterior"


def interval_kind(what: Band) -> str | None:
    """Return the word for an interval of such draws; None where there is none."""
    return {"posterior": "equal-tailed", "smoothing": "smoothing band"}.get(what)


def interval_name(what: Band, prob: float) -> str:
    """Return the title of a column or the label of a band.

    Parameters
    ----------
    what : {"posterior", "smoothing", "none"}
    prob : float
        Share of the draws between the ends.
    """
    share = f"{100 * prob:g} %"
    if what == "posterior":
        return f"{share} equal-tailed interval"
    return f"smoothing band ({share} of its draws)" if what == "smoothing" else "no interval"
