"""Bad configurations: every fault at once, with key, what was expected and what was found."""

import re
import shutil
import tomllib
from contextlib import suppress

import numpy as np
import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sopr_uq.errors import InputErrors
from sopr_uq.experiment.catalogue import curve
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.overrides import parse_override, resolve

OWN = {
    "system": {"name": "mine", "temperature": 274.0, "density": 0.00881, "mass": 131.29},
    "reference": {"form": "lennard-jones", "sigma": 3.89, "epsilon": 0.45},
    "observe": [{"kind": "g", "file": "my_gr.csv"}],
}


@pytest.fixture
def toml(tmp_path):
    """Write tables (or text, or bytes) beside a curve; returns the path."""
    shutil.copy(curve("xenon_274K_gr").path, tmp_path / "my_gr.csv")

    def write(content):
        path = tmp_path / "mine.toml"
        text = tomli_w.dumps(content) if isinstance(content, dict) else content
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def faults(source, *arguments, **options):
    with pytest.raises(InputErrors) as caught:
        load_config(source, *arguments, **options)
    return {fault.where: str(fault) for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        ({"system": {"density": 0.0}}, "system.density", "greater than 0; found 0.0"),
        ({"system": {"temperature": -188.0}}, "system.temperature", "add 273.15 to °C"),
        ({"system": {"temperature": 0.85}}, "system.temperature", "if 0.85 is in °C, write 274"),
        ({"system": {"density": 1.92}}, "system.density", "if it is in g/cm³, write"),
        ({"system": {"density": 8.81}}, "system.density", "in 1/nm³, divide by 1000"),
        ({"system": {"densty": 1}}, "system.densty", "Did you mean 'density'?"),
        ({"system": {"mass": "heavy"}}, "system.mass", "tables [[molecule]]: a valid number"),
        ({"system": {"temperature": float("nan")}}, "system.temperature", "finite number"),
        ({"reference": {"form": "mie"}}, "reference, keys", "found no n"),
        ({"reference": {"n": 12.0}}, "reference, keys", "found n as well"),
        ({"reference": {"form": "lj"}}, "reference.form", "'mie', 'table' or 'zero'"),
        ({"reference": {"form": "table", "file": "v.csv"}}, "reference, keys", "sigma as well"),
        ({"observe": []}, "observe", "at least one table [[observe]]; found none"),
        ({"observe": [{"kind": "g"}]}, "observe.0, keys", "a curve with file; found no file"),
        ({"observe": [{"kind": "pressure"}]}, "observe.0, keys", "found no value"),
        (
            {"observe": [{"kind": "g", "file": "my_gr.csv", "window": [30.0, 40.0]}]},
            "observe.0, observation my_gr.csv, window",
            "leaves nothing",
        ),
        (
            {"observe": [{"kind": "s", "file": "my_gr.csv"}]},
            "observe.0, {folder}/my_gr.csv",
            "expected a column q, as kind = 's' has; found 'r_angstrom'. Try: kind = \"g\".",
        ),
        (
            {"observe": [{"kind": "g", "file": "no.csv"}]},
            "observe.0, {folder}/no.csv",
            "expected a readable file; found No such file",
        ),
        (
            {"observe": [{"kind": "g", "curve": "xenon"}]},
            "observe.0, curve",
            "expected one of argon_85K_gr",
        ),
        (
            {"observe": [{"kind": "pressure", "value": 4.6}], "refine": {"rule": "sopr"}},
            "refine, rule sopr",
            "one state point with one measured g(r)",
        ),
        (
            {"observe": [{"kind": "pressure", "value": 4.6}]},
            "refine, newton rule",
            "a number alone says almost nothing",
        ),
        (
            {"observe": [*OWN["observe"], {"kind": "diffusion", "value": 12.0, "error": -0.3}]},
            "observe.1.error",
            "greater than 0",
        ),
        (
            {"observe": [*OWN["observe"], {"kind": "diffusion", "value": 12.0}]},
            "observe.1, keys",
            "a diffusion with error and value; found no error",
        ),
        (
            {"observe": [*OWN["observe"], {"kind": "diffusion", "value": 1.2e-4, "error": 3e-6}]},
            "observe.1, observation diffusion, value",
            'if it is in cm^2/s, write value = "0.00012 cm^2/s", and error likewise',
        ),
        (
            {"observe": [*OWN["observe"], {"kind": "diffusion", "value": 12.0, "error": 12.5}]},
            "observe.1, observation diffusion, error",
            "12.5 of 12 1e-9 m^2/s. Try: if it is in per cent",
        ),
        (
            {"observe": [*OWN["observe"], {"kind": "viscosity", "value": 80.0, "error": 3.0}]},
            "observe.1, observation viscosity, value",
            'if it is in μPa s, write value = "80 μPa s"',
        ),
        (
            {
                "observe": [*OWN["observe"], {"kind": "diffusion", "value": 12.0, "error": 0.3}],
                "engine": {"name": "integral_equation"},
            },
            "engine.name, engine integral_equation",
            "an engine that records diffusion",
        ),
        (
            {
                "observe": [*OWN["observe"], {"kind": "viscosity", "value": 0.08, "error": 0.003}],
                "refine": {"rule": "sopr"},
            },
            "refine, rule sopr",
            "found viscosity as well. Try: leave it out",
        ),
        ({"engine": {"cutoff": 40.0}}, "engine.cutoff", "at least 4511 particles"),
        ({"engine": {"particles": 100}}, "engine.cutoff", "at least 113 particles"),
        ({"engine": {"r_max": 27.0}}, "engine.r_max", "half the box, 26.90"),
        ({"engine": {"name": "lamps"}}, "engine.name", "Did you mean 'lammps'?"),
        ({"engine": {"blocks": 150}}, "engine", "at least two samples a block"),
        ({"engine": 3}, "engine", "expected a table [engine]; found 3"),
        ({"refine": {"gama": 0.1}}, "refine.gama", "Did you mean 'gamma'?"),
        ({"refine": {"rule": "sopr", "gamma": -0.1}}, "refine.gamma", "step size"),
        ({"preset": "publised"}, "preset", "Did you mean 'published'?"),
        ({"seed": 1.5}, "seed", "integer"),
        ({"sed": 1}, "sed", "Did you mean 'seed'?"),
        ({"colour": "red"}, "colour", "one of system, reference, molecule, pair, base, observe"),
    ],
)
def test_each_fault_is_named(toml, tmp_path, change, where, message):
    found = faults(toml(resolve(OWN, change)))
    where = where.format(folder=tmp_path)
    assert set(found) == {where}
    assert message in found[where]


def test_a_pressure_needs_a_density(toml):
    pressure = {"kind": "pressure", "value": 4.6, "error": 0.5}
    bare = {key: value for key, value in OWN["system"].items() if key != "density"}
    tables = {**OWN, "system": bare, "observe": [*OWN["observe"], pressure]}
    found = faults(toml({**tables, "refine": {"rule": "newton"}}))
    assert found == {"system.density": found["system.density"]}
    assert "number density" in found["system.density"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c - 2e-4 * np.eye(len(c)), "a positive definite matrix; found smallest"),
        (lambda c: c[:, :-1], "35"),
        (lambda c: np.triu(c) + 1e-5 * np.triu(np.ones_like(c), 1), "a symmetric matrix"),
    ],
)
def test_a_covariance_that_is_none_is_refused(toml, tmp_path, change, message):
    """A good one passes; less than nothing on its diagonal, a missing column, one triangle."""
    r = np.arange(35)
    good = 1e-4 * (np.exp(-np.abs(r[:, None] - r) / 3.0) + 0.1 * np.eye(35))
    observe = {"kind": "g", "file": "my_gr.csv", "covariance": "c.csv"}
    np.savetxt(tmp_path / "c.csv", good, delimiter=",")
    assert load_config(toml({**OWN, "observe": [observe]})).observe[0].covariance_sha256
    np.savetxt(tmp_path / "c.csv", change(good), delimiter=",")
    found = faults(toml({**OWN, "observe": [observe]}))
    assert len(found) == 1
    (text,) = found.values()
    assert message in text


def test_the_same_tables_without_a_fault_pass(toml):
    assert load_config(toml(OWN)).system.name == "mine"


def test_missing_tables_are_named(toml):
    found = faults(toml(""))
    assert set(found) == {"system", "reference", "observe"}
    assert "expected a table [system]; found nothing" in found["system"]


def test_faults_of_files_keys_and_overrides_come_together(toml, tmp_path):
    spoilt = tmp_path / "spoilt.csv"
    spoilt.write_text("r_angstrom,g\n" + "".join(f"{0.1 * i},{i}\n" for i in range(9)))
    observe = [{"kind": "g", "file": "no.csv"}, {"kind": "q"}, {"kind": "g", "file": "spoilt.csv"}]
    change = {"observe": observe, "refine": {"gama": 1}}
    found = faults(toml(resolve(OWN, change)), ["engine.cutoff=40", "nonsense", "observe.9.kind=g"])
    assert set(found) == {
        "set",
        "observe.9.kind",
        "refine.gama",
        "observe.1.kind",
        f"observe.0, {tmp_path}/no.csv",
        "observe.2, observation spoilt.csv, level",
        "engine.cutoff",
    }


@pytest.mark.parametrize(
    ("mass", "density"),
    [(-3.0, "1.92 g/cm^3"), ("131 pounds", "1.92 g/cm^3"), (131.29, "1.92 g/cubit")],
)
def test_what_a_mass_density_lacks_hides_no_other_fault(toml, mass, density):
    right = {"density": "1.92 g/cm^3", "mass": 131.29}
    wrong = {key: value for key, value in (("mass", mass), ("density", density))
             if value != right[key]}  # fmt: skip
    system = {**OWN["system"], **right}
    known = load_config(toml({**OWN, "system": system})).system
    assert known.density == pytest.approx(0.00881, rel=1e-3)
    found = faults(toml({**OWN, "system": {**system, **wrong, "mas": 3.0}}))
    assert set(found) == {"system.mas", *(f"system.{key}" for key in wrong)}


def test_a_mass_density_needs_a_mass(toml):
    bare = {key: value for key, value in OWN["system"].items() if key != "mass"}
    found = faults(toml({**OWN, "system": {**bare, "density": "1.92 g/cm^3"}}))
    assert "a mass beside a mass density" in found["system.density"]


def test_consequences_of_an_implausible_state_are_not_faults_of_their_own(toml, tmp_path):
    """At 8.81 Å⁻³ cut-off and first peak are wrong too, but the density is to blame."""
    observe = [*OWN["observe"], {"kind": "g", "file": "no.csv"}]
    change = {"system": {"density": 8.81}, "observe": observe, "engine": {"cutoff": 30.0}}
    found = faults(toml(resolve(OWN, change)))
    assert set(found) == {"system.density", f"observe.1, {tmp_path}/no.csv"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[system\n", "mine.toml: expected TOML; found"),
        (b"name = '\xff'\n", "mine.toml, line 1: expected text in UTF-8"),
        ("a = " + 5000 * "[", "expected TOML; found"),
    ],
)
def test_what_is_no_toml_is_refused(toml, content, message):
    (text,) = faults(toml(content)).values()
    assert message in text


def test_unknown_sources_are_refused(tmp_path):
    (text,) = faults("argon").values()
    assert "or a TOML file; found 'argon'. Did you mean 'argon-85K'?" in text
    (text,) = faults(tmp_path / "no.toml").values()
    assert "expected a readable TOML file; found No such file or directory" in text
    (text,) = faults(tmp_path).values()
    assert "Is a directory" in text


@pytest.mark.parametrize("text", ["", "=", "=3", "key"])
def test_overrides_without_key_or_value(text):
    with pytest.raises(ValueError, match=re.escape("expected KEY=VALUE")):
        parse_override(text)


def test_an_override_cannot_smuggle_in_another_key():
    assert parse_override("a=1\nb=2") == ("a", "1\nb=2")


SCALARS = st.one_of(
    st.none().map(lambda _: ""),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["mie", "table", "pressure", "s", "my_gr.csv", ".", "a\0b", "newton"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *("system.name", "system.temperature", "system.density", "system.mass", "system.fluid"),
        *("reference.form", "reference.sigma", "reference.epsilon", "reference.n"),
        *("reference.file", "reference.sha256", "observe", "observe.0", "observe.0.kind"),
        *("observe.0.file", "observe.0.curve", "observe.0.value", "observe.0.error"),
        *("observe.0.window", "observe.0.covariance", "observe.0.abscissa_error"),
        *("engine", "engine.name", "engine.particles", "engine.cutoff", "engine.r_max"),
        *("engine.timestep", "refine", "refine.rule", "refine.gamma", "preset", "seed"),
        *("", ".", "system", "x.y", "system.temperature.x", "observe.1.kind", "observe.-1.kind"),
    ]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_no_values_raise_anything_but_input_errors(toml, changes):
    with suppress(InputErrors):
        load_config(toml(OWN), changes)


TOML_TEXT = st.lists(
    st.sampled_from(
        [
            *('[system]\nname="x"\n', "temperature=274.0\n", "density=0.009\n", "mass=1e400\n"),
            *(
                "[reference]\nsigma=3.9\n",
                "epsilon=0.4\n",
                '[[observe]]\nkind="g"\n',
                "[observe]\n",
            ),
            *('file="my_gr.csv"\n', "[engine]\n", "particles=inf\n", "seed=0x10\n", "a.b.c=1\n"),
            *('"', "'''", "[", "]", "=", "\n", "#", "nan", "1979-05-27", "\x00", "é", "{", "}"),
        ]
    ),
    max_size=12,
).map("".join)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(TOML_TEXT, st.binary(max_size=80)))
def test_no_text_raises_anything_but_input_errors(toml, text):
    with suppress(InputErrors):
        load_config(toml(text))


def test_tomllib_reads_what_the_tests_write(toml):
    assert tomllib.loads(toml(OWN).read_text()) == OWN
