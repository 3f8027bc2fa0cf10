"""Configurations: resolved from names, files, presets and overrides; written and read again."""

import shutil
from pathlib import Path

import pytest

from sopr_uq.errors import InputErrors
from sopr_uq.experiment import systems
from sopr_uq.experiment.catalogue import curve
from sopr_uq.refine.presets import preset
from sopr_uq.workflow.config import Config, dump_config, load_config

OWN = """
[system]
name = "my-liquid"
temperature = 274.0            # K
density = 0.00881              # 1/Å³
mass = 131.29                  # u
[reference]                    # the starting potential
form = "lennard-jones"
sigma = 3.89                   # Å
epsilon = 0.45                 # kcal/mol
[[observe]]
kind = "g"
file = "my_gr.csv"
"""


@pytest.fixture
def own(tmp_path):
    """A user's folder with the documented minimum and a curve; returns a writer of the TOML."""
    shutil.copy(curve("xenon_274K_gr").path, tmp_path / "my_gr.csv")

    def write(more="", text=OWN):
        path = tmp_path / "my_liquid.toml"
        path.write_text(text + more)
        return path

    return write


@pytest.mark.parametrize("name", [s.name for s in systems()])
@pytest.mark.parametrize("chosen", ["desktop", "published"])
def test_every_shipped_system_resolves_under_every_preset(name, chosen):
    config = load_config(name, preset=chosen)
    assert config.system.name == name
    expected = {"desktop": ("newton", ["g", "pressure"]), "published": ("sopr", ["g"])}
    assert (config.refine.rule, [o.kind for o in config.observe]) == expected[chosen]
    for table, values in preset(chosen).items():
        resolved = getattr(config, table)
        assert {key: getattr(resolved, key) for key in values} == values


def test_the_documented_minimum_is_enough(own):
    config = load_config(own())
    system = config.build_system()
    assert system.state.temperature == 274.0
    assert system.observations[0].x.size == 35


def test_explicit_values_win_over_the_preset_and_overrides_over_the_file(own):
    path = own('preset = "published"\n[engine]\nparticles = 864\n[refine]\ngamma = 0.1\n', OWN)
    text = path.read_text()
    path.write_text('preset = "published"\n' + text.replace('preset = "published"\n', ""))
    config = load_config(path, ["refine.gamma=0.3"])
    assert (config.preset, config.engine.particles, config.refine.gamma) == ("published", 864, 0.3)
    assert config.refine.width == 0.05
    desktop = load_config(path, {"refine.rule": "sopr"}, preset="desktop")
    assert desktop.refine.width is None


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ("engine.particles=864", lambda c: c.engine.particles == 864),
        ("engine.name=lammps", lambda c: c.engine.name == "lammps"),
        ('engine.name="lammps"', lambda c: c.engine.name == "lammps"),
        (" seed = 7", lambda c: c.seed == 7),
        ("observe.0.window=[3.3, 12]", lambda c: c.observe[0].window == (3.3, 12.0)),
        ("refine.warm_start=false", lambda c: c.refine.warm_start is False),
        ("system.title=a = b", lambda c: c.system.title == "a = b"),
    ],
)
def test_overrides_are_toml_or_text(override, found):
    assert found(load_config("argon-85K", [override]))


def test_overrides_may_be_a_mapping():
    config = load_config("argon-85K", {"engine.particles": 864, "refine.rule": "ibi"})
    assert (config.engine.particles, config.refine.rule) == (864, "ibi")


@pytest.mark.parametrize("chosen", ["desktop", "published"])
def test_a_resolved_configuration_repeats_itself(own, tmp_path, chosen):
    for source in ("neon-42K", own('[[observe]]\nkind = "pressure"\nvalue = 4.61\nerror = 0.05\n')):
        # the published rule learns from g(r) alone
        observe = "g" if chosen == "published" else None
        config = load_config(source, ["seed=11"], preset=chosen, observe=observe)
        resolved = tmp_path / "elsewhere" / "config.toml"
        resolved.parent.mkdir(exist_ok=True)
        dump_config(config, resolved)
        assert load_config(resolved) == config
        assert Config.model_validate(config.model_dump(mode="json")) == config


def test_the_published_preset_refuses_a_pressure(own):
    pressure = '[[observe]]\nkind = "pressure"\nvalue = 4.61\nerror = 0.05\n'
    with pytest.raises(InputErrors) as caught:
        load_config(own(pressure), preset="published")
    (fault,) = caught.value.faults
    assert fault.where == "refine, rule sopr"
    assert "expected g alone; found pressure as well. Try: leave it out (--observe g)" in str(fault)
    assert load_config(own(pressure), preset="published", observe="g").refine.rule == "sopr"


def test_paths_are_relative_to_the_file_and_on_the_command_line_to_the_folder(
    own, tmp_path, monkeypatch
):
    path = own()
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert load_config(path).observe[0].file == tmp_path / "my_gr.csv"
    shutil.copy(tmp_path / "my_gr.csv", here / "other.csv")
    config = load_config(path, ["observe.0.file=other.csv"])
    assert config.observe[0].file == here / "other.csv"


def test_a_resolved_configuration_holds_hashes_and_refuses_changed_data(own, tmp_path):
    dump_config(load_config(own()), tmp_path / "config.toml")
    data = tmp_path / "my_gr.csv"
    assert curve("xenon_274K_gr").sha256 in (tmp_path / "config.toml").read_text()
    data.write_text(data.read_text().replace("2.0365", "2.0366"))
    with pytest.raises(ValueError, match=r"observe.0, .*my_gr.csv, SHA-256: expected 801fc3be"):
        load_config(tmp_path / "config.toml")


def test_loading_leaves_nothing_behind(own, tmp_path):
    load_config(own())
    assert sorted(path.name for path in Path(tmp_path).iterdir()) == ["my_gr.csv", "my_liquid.toml"]
