"""The machine guards taste: style, types, import layers and packaging are tests."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def succeed(*command, **options):
    """Run a command and fail the test with its output."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done


@pytest.mark.parametrize(
    "command",
    [
        (sys.executable, "-m", "ruff", "check", "--no-cache", "."),
        pytest.param((sys.executable, "-m", "mypy"), marks=pytest.mark.slow(seconds=34)),
        (BIN / "lint-imports", "--no-cache"),
    ],
    ids=["ruff", "mypy", "import-linter"],
)
def test_house_rules(command):
    succeed(*command)


STATISTICS = ("quantile", "percentile", "np.histogram", "gaussian_kde", "default_rng", ".std(")


def computing(source: str) -> list[str]:
    """The statistics that a piece of source code works out for itself."""
    return [word for word in STATISTICS if word in source]


def test_figures_draw_and_compute_nothing():
    assert computing("low, high = np.quantile(draws, [0.025, 0.975])"), "negative control"
    folder = ROOT / "sopr_uq" / "figures"
    found = {f.name: computing(f.read_text(encoding="utf-8")) for f in folder.glob("*.py")}
    assert len(found) > 5
    assert not {name: words for name, words in found.items() if words}


KINDS = ("g", "s", "f", "pressure", "diffusion", "viscosity")
NAMES = "|".join(KINDS)
NAMED = re.compile(rf"""kind["'\])]* (?:==|!=|in|not in) \(?["'](?:{NAMES})["']""")
EXPECTED = {"observe.py": 2, "source.py": 1, "stranger.py": 1}
"""Where a kind is meant by its name: what a shipped system offers, what an equation of state
knows, and what is written as a stranger would."""


def test_what_a_kind_has_is_asked_of_its_entry_and_not_told_by_its_name():
    for written in ('if o.kind == "g":', 'o.kind not in ("s", "f")', 'entry.get("kind") == "g"'):
        assert NAMED.search(written), "negative control"
    files = (ROOT / "sopr_uq").rglob("*.py")
    found = {f.name: len(NAMED.findall(f.read_text(encoding="utf-8"))) for f in files}
    assert {name: number for name, number in found.items() if number} == EXPECTED


def named(source: str) -> set[str]:
    """The public classes, aliases of types and constants that a module makes."""
    found = set()
    for node in ast.parse(source).body:
        match node:
            case ast.ClassDef(name=name) | ast.TypeAlias(name=ast.Name(id=name)):
                found.add(name)
            case ast.Assign(targets=targets):
                found |= {t.id for t in targets if isinstance(t, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return {name for name in found if re.match("[A-Z]", name)}


def homes(modules: Mapping[str, str]) -> dict[str, list[str]]:
    """By name of a class, an alias or a constant, the modules that make it; where several do."""
    found: dict[str, list[str]] = {}
    for module, source in modules.items():
        for name in named(source):
            found.setdefault(name, []).append(module)
    return {name: places for name, places in found.items() if len(places) > 1}


def test_one_name_is_one_class_alias_or_constant_of_the_package():
    first = "class Pair:\n    pass\n\ntype Kernel = int\nHIGHEST = 1.0\n_Kept = int\n"
    second = "type Pair = tuple[float, float]\nKernel = partial(int)\nHIGHEST = 2.0\n_Kept = str\n"
    twice = homes({"a": first, "b": second})
    assert set(twice) == {"Pair", "Kernel", "HIGHEST"}, "negative control"
    package = ROOT / "sopr_uq"
    files = {str(f.relative_to(package)): f.read_text("utf-8") for f in package.rglob("*.py")}
    assert not homes(files), "a name that two modules give to what each of them makes"
    found = set().union(*map(named, files.values()))
    assert {"Pair", "BoolArray", "COULOMB"} <= found


def test_constraints_pin_names_and_versions_only():
    """No URL, path or hash may tell where a package came from."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    names = [line.partition("==")[0].lower().replace("_", "-") for line in lines]
    assert all(line.count("==") == 1 for line in lines)
    assert not [line for line in lines if set(line) & set("/@ :;#")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    chosen = [r for name in ("md", "cluster", "test", "docs") for r in extras[name]]
    required = project["dependencies"] + chosen
    assert {r.partition(">=")[0].lower() for r in required} <= set(names)


@pytest.fixture(scope="module")
def unpacked_wheel(tmp_path_factory):
    """The wheel's content in an empty folder."""
    folder = tmp_path_factory.mktemp("wheel")
    succeed(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_wheel_contains_package_and_data_only(unpacked_wheel):
    tops = {path.name for path in unpacked_wheel.iterdir()}
    assert tops == {"sopr_uq", "sopr_uq-0.1.0.dist-info"}
    shipped = {path.name for path in (unpacked_wheel / "sopr_uq/_data").iterdir()}
    assert shipped == {path.name for path in (ROOT / "data").iterdir()}


def test_systems_load_from_the_wheel(unpacked_wheel, tmp_path):
    code = (
        "import sopr_uq.experiment.registry as r; print(r.__file__);"
        "print(*[r.load_system(s.name).name for s in r.systems()])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked_wheel)},
        capture_output=True,
        text=True,
        check=True,
    )
    origin, names = done.stdout.splitlines()
    assert origin.startswith(str(unpacked_wheel))
    assert names.split() == ["argon-85K", "neon-42K", "krypton-199K", "xenon-274K"]
