"""The machine guards taste: style, types, import layers and packaging are tests."""

import re
import subprocess
import sys
import tomllib
import zipfile
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
