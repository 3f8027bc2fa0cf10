"""Several state points in one configuration: read, checked, chosen from, written, run."""

import shutil

import numpy as np
import pytest

from sopr_uq.engine import lammps
from sopr_uq.errors import InputErrors
from sopr_uq.experiment.catalogue import curve
from sopr_uq.experiment.equation_of_state import reference_pressure
from sopr_uq.experiment.state import StatePoint
from sopr_uq.refine.newton import Newton
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.config import dump_config, load_config

TWO = """
[system]
name = "xenon"
temperature = 274.0
density = 0.00881
mass = 131.29
fluid = "Xenon"
[reference]
form = "lennard-jones"
sigma = 3.89
epsilon = 0.47
[[observe]]
kind = "g"
file = "near.csv"
[refine]
rule = "newton"
discrepancy = 0.01
[[state]]
name = "hotter"
temperature = 350.0
density = 0.0085
[[state.observe]]
kind = "g"
file = "hot.csv"
[[state.observe]]
kind = "pressure"
value = 40.0
error = 1.0
"""


@pytest.fixture
def written(tmp_path):
    """A folder with both curves; returns a writer of the TOML."""
    for name in ("near.csv", "hot.csv"):
        shutil.copy(curve("xenon_274K_gr").path, tmp_path / name)

    def write(text=TWO):
        path = tmp_path / "xenon.toml"
        path.write_text(text)
        return path

    return write


def faults_of(path, *overrides, **keywords):
    with pytest.raises(InputErrors) as caught:
        load_config(path, overrides, **keywords)
    return [str(fault) for fault in caught.value.faults]


def test_states_become_liquids_that_share_a_potential(written):
    config = load_config(written())
    rule = build_rule(config)
    assert isinstance(rule, Newton)
    first, second = rule.problem.liquids
    assert (first.state.temperature, second.state.temperature) == (274.0, 350.0)
    assert second.state == StatePoint(350.0, 0.0085, 131.29)
    assert [o.kind for o in second.observations] == ["g", "pressure"]
    # three zeros in the core of each were set, and are no data
    assert rule.conditioner.stacked.value.size == 2 * (first.observations[0].x.size - 3) + 1
    assert rule.problem.settings.discrepancy == 0.01


def test_files_of_states_are_anchored_hashed_and_come_back(written, tmp_path):
    config = load_config(written())
    (state,) = config.state
    assert state.observe[0].file == tmp_path / "hot.csv"
    assert state.observe[0].sha256 == config.observe[0].sha256 == curve("xenon_274K_gr").sha256
    dump_config(config, tmp_path / "again.toml")
    assert load_config(tmp_path / "again.toml") == config
    (tmp_path / "hot.csv").write_text("r_angstrom,g\n1,1\n")
    assert any("state.0.observe.0" in f for f in faults_of(tmp_path / "again.toml"))


def test_one_state_point_is_written_as_before(tmp_path):
    config = load_config("argon-85K")
    assert config.state == ()
    dump_config(config, tmp_path / "argon.toml")
    assert "[[state" not in (tmp_path / "argon.toml").read_text()
    assert len(build_rule(config).problem.liquids) == 1


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        ("temperature = 350.0|temperature = 10.0", "state.0.temperature", "K"),
        ("density = 0.0085|density = 8.5", "state.0.density", "g/cm³"),
        ("density = 0.0085|", "state.0.density", "number density"),
        ("density = 0.0085|density = 0.0085\npressure = 1.0", "state.0.pressure", "one of name"),
        ('file = "hot.csv"|file = "cold.csv"', "state.0.observe.0", "cold.csv"),
        ('rule = "newton"|rule = "sopr"', "refine", "one state point"),
        ("value = 40.0|value = nan", "state.0.observe.1.value", "finite"),
    ],
)
def test_faults_of_a_state_are_named(written, change, where, words):
    old, _, new = change.partition("|")
    assert old in TWO
    found = faults_of(written(TWO.replace(old, new)))
    assert any(where in f and words in f for f in found), found


def test_a_state_without_measurement_is_no_state(written):
    text = TWO[: TWO.index("[[state.observe]]")]
    assert any(
        "state.0.observe" in f and "[[state.observe]]" in f for f in faults_of(written(text))
    )


def test_a_box_must_hold_the_cut_off_at_every_state(written):
    text = TWO.replace("density = 0.0085", "density = 0.011")
    settings = ["engine.name=lammps", "engine.particles=112", "refine.discrepancy=0.0"]
    assert sum("half the box" in f for f in faults_of(written(text), *settings)) == 2


def test_observe_chooses_at_every_state(written):
    path = written()
    only = load_config(path, observe="g")
    assert [o.kind for o in only.state[0].observe] == ["g"]
    both = load_config(path, observe="g,pressure")
    assert [o.kind for o in both.observe] == ["g", "pressure"]
    assert both.state[0].observe[1].value == 40.0
    expected = reference_pressure("Xenon", StatePoint(274.0, 0.00881, 131.29))
    assert both.observe[1].value == pytest.approx(expected)
    # the pressure of a state that lacks one is that of its own temperature and density
    bare = TWO[: TWO.index('[[state.observe]]\nkind = "pressure"')]
    other = load_config(written(bare), observe="g,pressure").state[0].observe[1].value
    assert other == pytest.approx(reference_pressure("Xenon", StatePoint(350.0, 0.0085, 131.29)))
    assert not np.isclose(other, expected, rtol=0.1)


def test_a_state_with_nothing_of_the_kinds_asked_for_is_named(written):
    text = TWO.replace('kind = "g"\nfile = "hot.csv"', 'kind = "pressure"\nvalue = 41.0')
    found = faults_of(written(text), observe="g")
    assert any("state.0" in f and "pressure" in f for f in found)


def test_overrides_reach_into_states(written):
    config = load_config(written(), ["state.0.temperature=360", "state.0.observe.1.error=2.0"])
    assert config.state[0].temperature == 360
    assert config.state[0].observe[1].error == 2.0


MOTION = """
[[state]]
temperature = 300.0
density = 0.0087
[[state.observe]]
kind = "diffusion"
value = "11e-9 m^2/s"
error = 0.3
"""


def test_a_state_may_have_a_number_of_motion_alone(written):
    config = load_config(written(TWO + MOTION))
    rule = build_rule(config)
    problem, stacked = rule.problem, rule.conditioner.stacked
    v = problem.field.start
    assert [problem.setup(v, i).record for i in range(3)] == [(), (), ("diffusion",)]
    assert stacked.value[-1] == pytest.approx(np.log(11.0))
    assert stacked.stated_variance[-1] == pytest.approx((0.3 / 11.0) ** 2)
    assert stacked.row_error.nonzero()[0].tolist() == [stacked.value.size - 1]


def test_where_motion_is_measured_auto_follows_it(written):
    if reason := lammps.unavailable():
        pytest.skip(reason)
    config = load_config(written(TWO + MOTION))
    assert config.engine.name == "auto"
    assert build_engine(config, build_rule(config)).name == "lammps"


def test_without_motion_its_state_is_left_out(written):
    config = load_config(written(TWO + MOTION), observe="g,pressure")
    assert [state.temperature for state in config.state] == [350.0]
    kept = load_config(written(TWO + MOTION), observe="g,diffusion")
    assert [state.temperature for state in kept.state] == [350.0, 300.0]
