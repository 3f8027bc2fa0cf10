"""``look``, ``init``, ``schema``, and a stranger's file through a whole configuration."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from click.testing import CliRunner
from pydantic import BaseModel

from sopr_uq import load_config, load_result, report
from sopr_uq.cli.init import init
from sopr_uq.cli.look import look, schema
from sopr_uq.cli.refinement import refine
from sopr_uq.errors import CheckpointError, InputError, InputErrors
from sopr_uq.experiment.catalogue import curve
from sopr_uq.workflow import schema as workflow_schema
from sopr_uq.workflow.config import Config, dump_config
from sopr_uq.workflow.report import facts

ARGON = curve("argon_85K_gr").path
SCHEMA = Path(workflow_schema.__file__).with_name("config.schema.json")
TABLES = {
    "system": {"name": "mine", "temperature": "85 K", "density": "1.41 g/cm^3", "mass": 39.948},
    "reference": {"sigma": "0.335 nm", "epsilon": 0.287},
    "observe": [{"kind": "g", "file": str(ARGON)}],
}
ANSWERS = [
    *("--curve", str(ARGON), "--temperature", "85 K", "--mass", "39.948"),
    *("--density", "1.41 g/cm^3", "--sigma", "0.335 nm", "--epsilon", "0.287"),
]


def run(command, *arguments, **options):
    return CliRunner().invoke(command, [str(a) for a in arguments], **options)


def test_look_says_draws_and_gives_the_block(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(look, ARGON, "--density", "1.41 g/cm^3", "--mass", "39.948")
    assert done.exit_code == 0
    for text in ("g(r)", "0.0681 to 27.24 Å, 400 points", "Q = 11.8 ± 0.1 Å⁻¹", "[[observe]]"):
        assert text in done.output
    assert (tmp_path / "argon_85K_gr.csv.png").stat().st_size > 5000


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_look_as_json_with_a_figure_where_one_is_wanted(tmp_path, monkeypatch, suffix):
    monkeypatch.chdir(tmp_path)
    done = run(look, ARGON, "--json", "--figure", f"a.{suffix}")
    seen = json.loads(done.output)
    assert (seen["form"], seen["kind"], seen["points"]) == ("g", "g", 400)
    assert seen["q_max"] == pytest.approx(11.78, abs=0.1)
    assert [f.name for f in tmp_path.iterdir()] == [f"a.{suffix}"]


def test_the_block_of_look_is_a_configuration(tmp_path, monkeypatch):
    """What is printed, pasted under a system, gives g(r) again."""
    monkeypatch.chdir(tmp_path)
    r, g = np.loadtxt(ARGON, delimiter=",", skiprows=4).T
    np.savetxt("G.dat", np.stack([0.1 * r, 4 * np.pi * 0.0212555 * r * (g - 1)], axis=1))
    block = json.loads(run(look, "G.dat", "--kind", "g", "--json").output)["observe"]
    assert 'form = "G"' in block
    assert 'unit = "nm"' in block
    head = tomli_w.dumps({k: v for k, v in TABLES.items() if k != "observe"})
    Path("my.toml").write_text(head + "\n" + block + "\n", encoding="utf-8")
    (observation,) = load_config("my.toml").build_system().observations
    used = observation.windowed()
    np.testing.assert_allclose(used.value, np.interp(used.x, r, g), atol=1e-3)
    assert any("converted to g(r)" in remark for remark in observation.remarks)
    assert any("nothing beyond" in remark for remark in observation.remarks)


def test_look_of_something_else(tmp_path):
    (tmp_path / "x.dat").write_text("hello\n")
    for arguments in ([tmp_path / "x.dat"], [tmp_path], [ARGON, "--density", "x"],
                      [ARGON, "--figure", "a.gif"], [ARGON, "--columns", "1,9"]):  # fmt: skip
        done = run(look, *arguments)
        assert isinstance(done.exception, InputError)


def test_init_by_flags_writes_what_validates(tmp_path):
    file = tmp_path / "my.toml"
    done = run(init, file, *ANSWERS, "--pressure", "1 bar", "--no-ask")
    assert done.exit_code == 0, done.exception
    config = load_config(file)
    assert config.system.name == "my"
    assert config.observe[1].value == 0.1
    assert file.read_text(encoding="utf-8").count("#") > 10
    assert [f.name for f in tmp_path.iterdir()] == ["my.toml"]


def test_init_asks_for_what_is_missing(tmp_path):
    file = tmp_path / "my.toml"
    asked = f"{ARGON}\nargon\n85\n39.948\n0.02125\n3.35\n119.8 K\n\n"
    done = run(init, file, input=asked)
    assert done.exit_code == 0, done.output
    config = load_config(file)
    assert config.system.name == "argon"
    assert [o.kind for o in config.observe] == ["g"]


def test_init_asks_again_where_an_answer_is_not_understood(tmp_path):
    answers = {
        "File": ("no.csv", ARGON), "Name": ("", "argon"), "Temperature": ("85 furlongs", "85 K"),
        "Mass": ("Ar", "39.948"), "Density": ("dense", "1.41 g/cm^3"), "Size": ("3.4 kg", "3.4"),
        "Depth": ("deep", "119.8 K"), "Pressure": ("1 stone", "1 bar"),
    }  # fmt: skip
    said = [text for pair in answers.values() for text in pair if text]
    done = run(init, tmp_path / "my.toml", input="\n".join(map(str, said)) + "\n")
    assert done.exit_code == 0, done.output
    assert done.output.count("Error: ") == len(answers) - 1
    config = load_config(tmp_path / "my.toml")
    assert config.observe[1].value == 0.1
    assert config.system.density == pytest.approx(0.02125, rel=1e-3)


@pytest.mark.parametrize("kelvin", ["85.", "+85", "085", "8.5e1", "85"])
def test_numbers_as_people_write_them_are_toml(tmp_path, kelvin):
    file, arguments = tmp_path / "my.toml", list(ANSWERS)
    arguments[arguments.index("85 K")] = kelvin
    done = run(init, file, *arguments, "--pressure", "-.5", "--no-ask")
    assert done.exit_code == 0, done.exception
    config = load_config(file)
    assert (config.system.temperature, config.observe[1].value) == (85.0, -0.5)


def test_a_pressure_may_be_zero(tmp_path):
    asked = f"{ARGON}\nargon\n85\n39.948\n0.02125\n3.35\n119.8 K\n0\n"
    done = run(init, tmp_path / "my.toml", input=asked)
    assert done.exit_code == 0, done.output
    assert load_config(tmp_path / "my.toml").observe[1].value == 0.0


def test_answers_that_do_not_go_together_are_not_lost(tmp_path):
    file = tmp_path / "my.toml"
    done = run(init, file, input=f"{ARGON}\nargon\n85\n39.948\n0.02125\n3.35\n119.8\n\n")
    assert "k_B T" in str(done.exception)
    (line,) = [x for x in done.output.splitlines() if "Your answers" in x]
    again = shlex.split(line.partition("sopr-uq ")[2].replace("119.8", "'119.8 K'"))
    assert run(init, *again[1:], "--no-ask").exit_code == 0
    assert load_config(file).system.name == "argon"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"--epsilon": "1.2"}, "k_B T"),
        ({"--density": "1410 g/cm^3"}, "density"),
        ({"--temperature": "warm"}, "system.temperature"),
    ],
)
def test_init_writes_nothing_that_is_wrong(tmp_path, changed, message):
    arguments = list(ANSWERS)
    for flag, value in changed.items():
        arguments[arguments.index(flag) + 1] = value
    done = run(init, tmp_path / "my.toml", *arguments, "--no-ask")
    assert isinstance(done.exception, InputErrors | InputError)
    assert message in str(done.exception)
    assert not list(tmp_path.iterdir())


def test_init_overwrites_nothing(tmp_path):
    (tmp_path / "my.toml").write_text("mine")
    for name, message in (("my.toml", "not there yet"), ("my.txt", "ends in .toml"),
                          ("no/my.toml", "a folder that exists")):  # fmt: skip
        # before anything is asked
        done = run(init, tmp_path / name)
        assert message in str(done.exception)
    done = run(init, tmp_path / "new.toml", "--no-ask", "--mass", "39.9")
    assert "--curve, --temperature, --density, --sigma, --epsilon" in str(done.exception)
    assert (tmp_path / "my.toml").read_text() == "mine"


def test_the_shipped_schema_is_that_of_the_models():
    """Where it is not: ``sopr-uq schema > sopr_uq/workflow/config.schema.json``."""
    shipped = SCHEMA.read_text(encoding="utf-8")
    assert run(schema).output == shipped


def test_the_schema_knows_every_key_of_every_table():
    shipped = json.loads(SCHEMA.read_text(encoding="utf-8"))
    models = {m.__name__: m for m in BaseModel.__subclasses__() if m.__name__ in shipped["$defs"]}
    assert len(models) >= 5
    for name, model in models.items():
        assert set(shipped["$defs"][name]["properties"]) == set(model.model_fields)
    assert set(shipped["properties"]) == set(Config.model_fields)


def test_a_configuration_with_units_survives_being_written(tmp_path):
    (tmp_path / "a.toml").write_text(tomli_w.dumps(TABLES))
    config = load_config(tmp_path / "a.toml", {"observe.0.q_max": "none"})
    dump_config(config, tmp_path / "b.toml")
    assert load_config(tmp_path / "b.toml") == config


def test_a_further_state_point_may_have_a_mass_density(tmp_path):
    measured = [{"kind": "pressure", "value": 5.0}]
    state = {"temperature": "95 K", "density": "1.35 g/cm^3", "observe": measured}
    (tmp_path / "a.toml").write_text(tomli_w.dumps(TABLES | {"state": [state]}))
    (further,) = load_config(tmp_path / "a.toml").state
    assert further.density == pytest.approx(0.020351, rel=1e-4)
    (tmp_path / "b.toml").write_text(
        tomli_w.dumps(TABLES | {"state": [state | {"density": "1.35 stone"}]})
    )
    with pytest.raises(InputErrors, match=r"state\.0\.density"):
        load_config(tmp_path / "b.toml")


def test_explicit_keys_win_over_what_is_found(tmp_path):
    (tmp_path / "a.toml").write_text(tomli_w.dumps(TABLES))
    told = {"observe.0.q_max": 12.5, "observe.0.window": [3.4, 9.0]}
    (observation,) = load_config(tmp_path / "a.toml", told).build_system().observations
    assert (observation.q_max, observation.window, observation.remarks) == (12.5, (3.4, 9.0), ())
    (found,) = load_config(tmp_path / "a.toml").build_system().observations
    assert found.q_max == pytest.approx(11.75, abs=0.1)
    assert found.window[0] == pytest.approx(3.2688)


def test_remarks_are_shown_and_reported(refined):
    """What was found, converted or left out belongs to a result."""
    tree = load_result(refined["Ar"])
    assert not any(name == "g" for name, _ in facts(tree))
    data = tree["observed_data"].to_dataset()
    data["g"].attrs["remarks"] = "Converted.\nCut at Q = 11.8 Å⁻¹."
    tree["observed_data"] = data
    assert facts(tree)[6:8] == [("g", "Converted."), ("g", "Cut at Q = 11.8 Å⁻¹.")]
    assert "  - Cut at Q = 11.8 Å⁻¹." in report(tree)


def test_a_figure_that_cannot_be_written_is_said(tmp_path):
    done = run(look, ARGON, "--figure", tmp_path / "no" / "a.png")
    assert isinstance(done.exception, CheckpointError)


def test_what_no_pair_potential_explains_is_an_outcome_of_its_own(tmp_path, monkeypatch):
    """A g(r) whose shells lie 2 Å apart at a density that has room for 3.6 Å: exit code 4.

    The negative control is the shipped xenon, `test_newton_result`.
    """
    r = np.arange(0.05, 20.0, 0.05)
    shells = 0.6 * np.sin(np.pi * (r - 3.3)) * np.exp(-r / 40.0)
    np.savetxt(tmp_path / "g.dat", np.stack([r, np.where(r < 3.2, 0.0, 1.0 + shells)], axis=1))
    own = {"observe": [{"kind": "g", "file": "g.dat"}], "engine": {"name": "integral_equation"}}
    own |= {"refine": {"max_iterations": 2, "tune": 100, "draws": 50}}
    (tmp_path / "a.toml").write_text(tomli_w.dumps(TABLES | own))
    monkeypatch.chdir(tmp_path)
    done = run(refine, "a.toml", "--quiet", "--out", "out")
    assert done.exit_code == 4, done.exception
    assert "UNEXPLAINED, stopped" in done.output
    assert "value (sd), unexplained" in done.output
    result = load_result("out")
    assert result.attrs["outcome"] == "unexplained"
    assert float(result["posterior_check"]["unexplained"].sel(curve="g.dat")) > 0.5
    assert "UNEXPLAINED" in report(result)
