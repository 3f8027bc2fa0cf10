"""With what reserve a law must be read: what its ensembles cannot vouch for."""

from __future__ import annotations

import xarray as xr

from sopr_uq.laws.ensembles import doubtful_sentence
from sopr_uq.posterior.status import band_of_rule


def doubtful_elements(laws: xr.DataTree) -> list[str]:
    """Return the elements whose refinement says of itself that it is not to be trusted.

    Parameters
    ----------
    laws : DataTree
        Result of :func:`sopr_uq.laws.fit_laws`; old files do not say it and have none.
    """
    known = laws["elements"].to_dataset()
    if "doubtful" not in known:
        return []
    return [str(name) for name in known["element"].values[known["doubtful"].values.astype(bool)]]


def smoothed_elements(laws: xr.DataTree) -> list[str]:
    """Return the elements whose draws spread by a smoothing's uncertainty, not by the data's.

    Parameters
    ----------
    laws : DataTree
        Result of :func:`sopr_uq.laws.fit_laws`; of old files, judged by the rule.
    """
    known = laws["elements"].to_dataset()
    bands = known["band"] if "band" in known else known["rule"]
    kinds = [str(x) if "band" in known else band_of_rule(str(x)) for x in bands.values]
    names = [str(name) for name in known["element"].values]
    return [name for name, kind in zip(names, kinds, strict=True) if kind == "smoothing"]


def reservations(laws: xr.DataTree) -> list[str]:
    """Return sentences on what no number of these laws says by itself; often none."""
    doubtful, smoothed = doubtful_elements(laws), smoothed_elements(laws)
    said = [doubtful_sentence(doubtful)] if doubtful else []
    if smoothed:
        said.append(
            f"the ensembles of {', '.join(smoothed)} are smoothing bands, no intervals of the "
            "truth: what rests on them looks surer than it is"
        )
    return said
