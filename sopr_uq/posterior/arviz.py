"""The attributes by which ArviZ and its readers know what a group is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import xarray as xr

from sopr_uq import __version__

GROUPS = (
    "posterior", "sample_stats", "log_likelihood", "log_prior", "posterior_predictive",
    "observed_data", "constant_data", "prior", "prior_predictive",
)  # fmt: skip
"""Of ArviZ's schema."""

OF_ARVIZ = (
    "created_at", "creation_library", "creation_library_version", "creation_library_language",
    "inference_library", "inference_library_version", "sample_dims",
)  # fmt: skip

_SAMPLE = ("chain", "draw")


def stamped(tree: xr.DataTree) -> None:
    """Give the groups that ArviZ knows its attributes.

    Parameters
    ----------
    tree : DataTree
        A result, whose attribute ``created`` says when.
    """
    sampled = "sample_stats" in tree.children and "lp" in tree["sample_stats"].data_vars
    sampler = "nutpie" if sampled else ""
    for name in set(GROUPS) & set(tree.children):
        tree[name].attrs |= {
            "created_at": str(tree.attrs.get("created", "")),
            "creation_library": "sopr_uq",
            "creation_library_version": __version__,
            "creation_library_language": "Python",
            **_inference(sampler),
            **({"sample_dims": list(_SAMPLE)} if "draw" in tree[name].dims else {}),
        }


def _inference(sampler: str) -> dict[str, str]:
    if not sampler:
        return {}
    try:
        return {"inference_library": sampler, "inference_library_version": version(sampler)}
    except PackageNotFoundError:
        return {"inference_library": sampler}
