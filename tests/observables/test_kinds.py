"""A kind of measurement is entered once: what its entry asks of the rest is there."""

from typing import get_args

import pytest

from sopr_uq.engine.traits import RECORDS
from sopr_uq.experiment.kinds import CURVES, DYNAMICS, KINDS, NUMBERS, CurveName, KindName
from sopr_uq.experiment.quantities import FACTORS
from sopr_uq.observables import observed
from sopr_uq.refine.rules import RULES
from sopr_uq.refine.settings import RuleName


def test_names_in_configurations_are_those_of_the_entries():
    assert get_args(KindName.__value__) == tuple(KINDS)
    assert get_args(CurveName.__value__) == tuple(CURVES)
    assert set(get_args(RuleName.__value__)) == set(RULES)


def test_every_kind_has_a_quantity():
    assert set(observed._CURVES) == set(CURVES)
    assert set(observed._NUMBERS) == set(NUMBERS)


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_has_a_unit_in_files(kind):
    assert FACTORS[kind]


@pytest.mark.parametrize("kind", DYNAMICS)
def test_engines_record_motion_under_the_name_of_its_kind(kind):
    assert kind in RECORDS
    low, high = KINDS[kind].motion.possible
    assert low < KINDS[kind].motion.typical < high
