"""What a result says of numbers among its data, in words and as numbers."""

import numpy as np
import pytest
import xarray as xr

from sopr_uq.workflow.agreement_report import agreement_by_datum, agreement_lines

LABELS = {"sigma": "σ", "epsilon": "ε"}


def tree(**changes):
    columns = {
        "measured": [2.36, np.nan],
        "expected": [2.41, np.nan],
        "expected_sd": [0.08, np.nan],
        "z": [-0.6, 4.2],
    }
    found = xr.Dataset(
        {name: ("datum", values) for name, values in columns.items()}
        | {
            "sd": ("descriptor", [0.02, 0.01]),
            "sd_without": (("datum", "descriptor"), [[0.025, 0.01], [0.04, 0.02]]),
        },
        coords={
            "datum": ["diffusion", "dynamics"],
            "unit": ("datum", ["1e-9 m^2/s", "1"]),
            "descriptor": ["sigma", "epsilon"],
        },
    )
    return xr.DataTree.from_dict({"agreement": found.assign(changes)})


def test_lines_say_what_was_expected_and_what_it_narrows():
    lines = dict(agreement_lines(tree(), LABELS))
    assert lines["diffusion"] == (
        "2.36 10⁻⁹ m²/s measured, 2.41(8) expected without it (-0.6 sd, errors of both included); "
        "it narrows σ by 20 %, ε by 0 %"
    )
    assert lines["dynamics"] == (
        "all of them are 4.2 sd away from the structure; it narrows σ by 50 %, ε by 50 %"
    )


def test_programs_get_the_numbers():
    found = agreement_by_datum(tree())["diffusion"]
    assert (found["measured"], found["unit"]) == (2.36, "1e-9 m^2/s")
    assert found["narrows"]["sigma"] == pytest.approx(0.2)


def test_pairs_of_a_mixture_are_told_apart():
    sd = xr.DataArray([[0.02], [0.01]], dims=("descriptor", "pair"), coords={"pair": ["A-B"]})
    without = sd.expand_dims(datum=2) * 2.0
    lines = agreement_lines(tree(sd=sd, sd_without=without), LABELS)
    assert lines[0][1].endswith("it narrows σ A-B by 50 %, ε A-B by 50 %")


def test_without_numbers_there_is_nothing():
    assert agreement_by_datum(xr.DataTree()) == {}
    assert agreement_lines(xr.DataTree(), LABELS) == []


def test_two_numbers_of_one_name_do_not_end_in_a_traceback():
    stored = tree()
    twice = stored["agreement"].to_dataset().assign_coords(datum=["pressure", "pressure"])
    assert list(agreement_by_datum(xr.DataTree.from_dict({"agreement": twice}))) == ["pressure"]
