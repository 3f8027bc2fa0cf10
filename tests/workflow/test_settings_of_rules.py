"""Keys of ``[refine]`` that the chosen rule does not use: refused, and brought by no preset."""

import numpy as np
import pytest

from sopr_uq.errors import InputErrors
from sopr_uq.refine.loop import refine
from sopr_uq.refine.of_rules import unused_keys
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.config import dump_config, load_config

SOPR = {"regressed": "potential", "width": 0.1, "length": 1.0, "noise": 0.01,
        "regress_from": 0.8, "stop": "published"}  # fmt: skip
STEPS = {"gamma": 0.01, "tolerance": 1e-9, "fit_level": False}
NEWTON = {"bridge": "fixed", "discrepancy": 0.01}
SAMPLED = {"chains": 3, "tune": 200, "draws": 60}
IN_VAIN = {"newton": SOPR | STEPS, "sopr": NEWTON, "ibi": SOPR | NEWTON | SAMPLED}
OTHERS = [(rule, key, value) for rule, keys in IN_VAIN.items() for key, value in keys.items()]
OF_ALL = {"rule", "max_iterations", "stable_start", "warm_start", "grid_spacing", "round_size"}


@pytest.mark.parametrize(("rule", "key", "value"), OTHERS)
def test_a_key_of_another_rule_is_refused_with_the_name_of_its_rule(rule, key, value):
    with pytest.raises(InputErrors) as caught:
        load_config("argon-85K", {"refine.rule": rule, f"refine.{key}": value}, observe="g")
    (fault,) = caught.value.faults
    assert fault.where == f"refine.{key}"
    assert f"keys that the {rule} rule uses" in str(fault)
    assert any(f"only {other}" in fault.found for other in {"sopr", "newton"} - {rule})


@pytest.mark.parametrize("rule", ["sopr", "ibi", "newton"])
def test_keys_of_the_rule_are_taken(rule):
    everything = SOPR | STEPS | NEWTON | SAMPLED
    own = {key: value for key, value in everything.items() if key not in IN_VAIN[rule]}
    given = {"refine.rule": rule} | {f"refine.{key}": value for key, value in own.items()}
    found = load_config("argon-85K", given, observe="g").refine
    assert {key: getattr(found, key) for key in own} == own


def test_all_faults_come_together_and_texts_count_as_files_do(tmp_path):
    path = tmp_path / "mine.toml"
    dump_config(load_config("argon-85K"), path)
    path.write_text(path.read_text().replace("[refine]\n", "[refine]\ngamma = 0.1\n"))
    with pytest.raises(InputErrors) as caught:
        load_config(path, ["refine.stop='published'", "refine.discrepancy=-1"])
    wrong = [fault.where for fault in caught.value.faults]
    assert wrong == ["refine.gamma", "refine.stop", "refine.discrepancy"]


@pytest.mark.parametrize("preset", ["desktop", "published"])
@pytest.mark.parametrize("rule", ["sopr", "ibi", "newton"])
def test_presets_bring_nothing_in_vain_and_what_is_resolved_can_be_read_again(
    preset, rule, tmp_path
):
    config = load_config("argon-85K", {"refine.rule": rule}, preset=preset, observe="g")
    for key in IN_VAIN[rule]:
        assert getattr(config.refine, key) == RefineSettings.model_fields[key].default
    dump_config(config, tmp_path / "config.toml")
    assert load_config(tmp_path / "config.toml") == config


def test_every_key_is_of_all_rules_or_of_those_that_are_tested_here():
    keys = set(RefineSettings.model_fields)
    for rule, others in IN_VAIN.items():
        assert set(unused_keys(RefineSettings, rule)) == set(others)
    assert keys == OF_ALL | set(SOPR | STEPS | NEWTON | SAMPLED)


@pytest.mark.parametrize("rule", ["sopr", "ibi", "newton"])
def test_what_is_refused_changes_nothing(rule):
    """The marks are true: iterations are the same whatever the keys of other rules say.

    All but ``regressed``, which moves the beginning of every rule's grid, and
    which is sopr's because nothing is regressed without it.
    """
    quick = {"refine.rule": rule, "refine.max_iterations": 2, "refine.grid_spacing": 0.06,
             "engine.name": "integral_equation", "engine.r_max": 10.0}  # fmt: skip
    if rule == "newton":
        quick |= {"refine.tune": 100, "refine.draws": 50}
    if rule == "sopr":
        quick |= {"refine.width": 0.1, "refine.length": 0.7, "refine.noise": 0.01}
    config = load_config("argon-85K", quick, observe="g")
    other = config.refine.model_copy(update=IN_VAIN[rule] | {"regressed": "correction"})
    assert other != config.refine
    courses = []
    for settings in (config.refine, other):
        rule = build_rule(config.model_copy(update={"refine": settings}))
        courses.append(refine(rule, build_engine(config, rule)).iterations)
    for one, two in zip(*courses, strict=True):
        np.testing.assert_array_equal(one.potential, two.potential)
        np.testing.assert_array_equal(one.state.potential, two.state.potential)
