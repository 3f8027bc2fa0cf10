"""The noble-gas study: its chain on quick results, and its README against what is stored."""

import re
import sys
from pathlib import Path

import pytest

from sopr_uq import load_config
from sopr_uq.experiment import element, reference_pressure
from sopr_uq.posterior.store import read, write

pytestmark = pytest.mark.filterwarnings("ignore:.*the result is kept:UserWarning")

RAN = ("newton", "sopr")
STUDY = Path(__file__).resolve().parents[2] / "studies" / "noble_gases"


@pytest.fixture(scope="module")
def study():
    """The study's own modules, which its script finds beside itself."""
    sys.path.insert(0, str(STUDY))
    import drawing
    import learning
    import plan
    import refining
    import tables

    yield {m.__name__: m for m in (drawing, learning, plan, refining, tables)}
    sys.path.remove(str(STUDY))


@pytest.fixture(scope="module")
def places(study, refined, tmp_path_factory):
    """The chain after its refinements, run on quick ones."""
    home = tmp_path_factory.mktemp("study")
    where = study["plan"].Places(
        home / "runs", home / "results", home / "figures", home / "README.md"
    )
    for symbol, folder in refined.items():
        result = read(folder / "result.nc")
        for variant in RAN:
            result.attrs["rule"] = study["plan"].VARIANTS[variant].rule
            run = where.run(symbol, variant)
            run.mkdir(parents=True)
            write(result, run / "result.nc")
    study["refining"].store(where, study["plan"].VARIANTS)
    study["learning"].learn(where, draws=500, check=False)
    study["tables"].fill(where, STUDY / "README.md")
    return where


@pytest.mark.slow(seconds=31)
def test_the_chain_fills_every_place_of_the_readme(places, study):
    text = places.readme.read_text(encoding="utf-8")
    for name in study["tables"].blocks():
        block = text.split(f"<!-- {name}:begin -->")[1].split(f"<!-- {name}:end -->")[0]
        assert len(block.strip()) > 100, name
        assert "nan" not in block, name
    assert "not what it finds" in text, "results of an integral equation must say so"
    for label in ("α of the QDO paper", "argon left out", "rule sopr"):
        assert label in text
    assert "pressure left out" not in text, "that variant was not run"


@pytest.mark.slow(seconds=31)
def test_filling_twice_changes_nothing(places, study, tmp_path):
    before = places.readme.read_text(encoding="utf-8")
    study["tables"].fill(places, places.readme)
    assert places.readme.read_text(encoding="utf-8") == before


@pytest.mark.slow(seconds=31)
def test_every_figure_of_the_readme_is_drawn(places, study):
    drawn = {f.name for f in study["drawing"].draw(places)}
    shown = set(re.findall(r"\(figures/(\w+\.png)\)", places.readme.read_text(encoding="utf-8")))
    assert shown <= drawn
    assert {name.replace("png", "pdf") for name in shown} <= drawn


@pytest.mark.slow(seconds=31)
def test_what_is_refined_is_not_refined_again(places, study, capsys):
    study["refining"].refine(places, ["newton"], engine="auto", workers=1, options=())
    assert capsys.readouterr().out.count("done before") == 4


@pytest.mark.parametrize("variant", ["newton", "sopr", "newton-g"])
@pytest.mark.parametrize("symbol", ["Ne", "Ar", "Kr", "Xe"])
def test_every_variant_is_a_configuration(places, study, symbol, variant):
    job = study["refining"].job_of(places, symbol, variant, (), 1)
    config = load_config(job.system, job.settings, observe=job.observe)
    assert config.refine.rule == study["plan"].VARIANTS[variant].rule
    assert [o.kind for o in config.observe] == job.observe.split(",")


@pytest.mark.parametrize("symbol", ["Ne", "Ar", "Kr", "Xe"])
def test_configurations_describe_the_shipped_systems(study, symbol):
    name = study["plan"].CONFIGS[symbol]
    config = load_config(STUDY / "configs" / f"{name}.toml")
    row = element(symbol)
    shipped = load_config(row.system, observe="g,pressure")
    assert config.system == shipped.system
    assert config.reference == shipped.reference
    assert [o.curve for o in config.observe] == [o.curve for o in shipped.observe]
    # written with four decimals
    pressure = reference_pressure(row.fluid, row.state)
    assert config.observe[1].value == pytest.approx(pressure, abs=5.1e-5)


stored = pytest.mark.skipif(
    not (STUDY / "results" / "laws.nc").is_file(),
    reason="the study's results are not stored yet: run studies/noble_gases/run.py",
)


@stored
def test_the_readme_says_what_is_stored(study, tmp_path):
    places = study["plan"].Places(
        tmp_path / "runs", STUDY / "results", STUDY / "figures", tmp_path / "README.md"
    )
    study["tables"].fill(places, STUDY / "README.md")
    stored_text = (STUDY / "README.md").read_text(encoding="utf-8")
    assert places.readme.read_text(encoding="utf-8") == stored_text


def test_the_readme_says_what_the_seeds_gave(study, filled_again):
    import seeds

    before, again = filled_again("noble_gases", seeds.fill)
    assert again == before


@stored
def test_the_stored_results_are_small_and_whole(study):
    files = list((STUDY / "results").glob("*.nc"))
    assert sum(f.stat().st_size for f in files) < 10e6
    places = study["plan"].Places(STUDY / "runs", STUDY / "results", STUDY, STUDY)
    for name, variant in study["plan"].VARIANTS.items():
        paths = places.stored(name)
        assert len(paths) == 4 or (name != study["plan"].MAIN and not paths), name
        for path in paths.values():
            assert read(path).attrs["rule"] == variant.rule


def test_the_table_of_rules_is_that_of_the_stored_results():
    sys.path.insert(0, str(STUDY.parents[1] / "tools"))
    try:
        import fill_readme
    finally:
        sys.path.pop(0)
    text = (STUDY.parents[1] / "docs/numbers.md").read_text(encoding="utf-8")
    assert fill_readme.rules(fill_readme.stored()) in text
