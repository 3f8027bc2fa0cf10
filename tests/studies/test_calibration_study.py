"""The calibration study: its chain on quick twins, and its README against what is stored."""

import re
from pathlib import Path

import numpy as np
import pytest

from sopr_uq import Campaign, calibrate, load_config

STUDY = Path(__file__).resolve().parents[2] / "studies" / "calibration"
QUICK = (
    "engine.name='integral_equation'", "refine.rule='sopr'", "refine.max_iterations=2",
    "refine.draws=50", "refine.noise=0.01", "refine.width=0.1", "refine.length=0.7",
)  # fmt: skip


@pytest.fixture(scope="module")
def study(modules_of):
    """The study's own modules."""
    names = ("plan", "stored", "tables", "drawing", "beliefs")
    with modules_of("calibration", *names) as modules:
        yield dict(zip(names, modules, strict=True))


@pytest.fixture(scope="module")
def campaigns(study, tmp_path_factory):
    """What would be stored of quick twins of one liquid in two worlds."""
    home = tmp_path_factory.mktemp("study")
    config = load_config("krypton-199K", QUICK, observe="g")
    for world, family in (("prior", "prior"), ("mixed", "mixed")):
        calibrate(Campaign(config, family), home / "runs" / f"{world}-krypton-199K", twins=4)
    study["stored"].keep(home / "runs", home / "results")
    return study["stored"].load(home / "results")


def test_what_is_stored_is_what_was_found(campaigns):
    kept = campaigns["mixed", "krypton-199K"]
    assert kept.scores["family"].values.tolist() == ["mie", "exp6", "morse", "shoulder"]
    assert kept.scores.attrs["rule"] == "sopr"
    assert np.isfinite(kept.scores["z"]).all()
    inside = kept.scores["truth"] < kept.scores["upper"]
    inside &= kept.scores["truth"] > kept.scores["lower"]
    np.testing.assert_allclose(
        inside.mean("simulation"),
        kept.table["coverage"].sel(quantity=inside["quantity"], nominal=0.95),
    )


def test_the_chain_fills_every_place_and_draws(campaigns, study, tmp_path):
    readme = tmp_path / "README.md"
    study["tables"].fill(campaigns, STUDY / "README.md", readme)
    text = readme.read_text(encoding="utf-8")
    for name in study["tables"].blocks():
        block = text.split(f"<!-- {name}:begin -->")[1].split(f"<!-- {name}:end -->")[0]
        assert block.strip(), name
        assert "nan" not in block, name
    again = tmp_path / "again.md"
    study["tables"].fill(campaigns, readme, again)
    assert again.read_text(encoding="utf-8") == text
    drawn = {file.name for file in study["drawing"].draw(campaigns, tmp_path / "figures")}
    shown = set(re.findall(r"\(figures/((?:prior|mixed)_\w+\.png)\)", text))
    assert shown <= drawn


def test_the_readme_says_what_is_stored(study, tmp_path):
    stored = study["stored"].load(STUDY / "results")
    readme = tmp_path / "README.md"
    study["tables"].fill(stored, STUDY / "README.md", readme)
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    assert readme.read_text(encoding="utf-8") == text
    shown = re.findall(r"\(figures/(\w+\.png)\)", text)
    assert all((STUDY / "figures" / name).is_file() for name in shown)
    assert all((STUDY / "figures" / name.replace("png", "pdf")).is_file() for name in shown)


def test_the_front_page_says_what_is_stored(study, tmp_path):
    stored, front = study["stored"].load(STUDY / "results"), study["stored"].FRONT
    readme = tmp_path / "README.md"
    study["tables"].fill_front(stored, front, readme)
    text = front.read_text(encoding="utf-8")
    assert readme.read_text(encoding="utf-8") == text
    twins = stored["md", study["stored"].EVERY].scores.sizes["simulation"]
    assert twins >= 98
    assert f"newton, molecular dynamics | {twins}" in text


def test_what_is_stored_is_small():
    assert sum(f.stat().st_size for f in (STUDY / "results").glob("*.nc")) < 1e6
