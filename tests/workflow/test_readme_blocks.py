"""The README's tables are written from results, and hide nothing that these say."""

import importlib.util
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "fill_readme.py"
BAD = {"passed": 0, "k_hat": 1.4, "effective_draws": 7.0, "draws": 1000.0, "runs": 8, "failed": 0}


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("fill_readme", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def warned(result, text="The curve leaves 20 % unexplained."):
    result.attrs["warning"] = text
    return result


def test_a_table_never_drops_a_warning(tool, small_result):
    results = {
        ("argon-85K", "newton"): small_result(check=BAD, outcome="doubtful"),
        ("neon-42K", "newton"): warned(small_result()),
        ("xenon-274K", "newton"): small_result(),
    }
    lines = tool.rules(results).splitlines()
    argon, neon, xenon = (next(x for x in lines if x.startswith(f"| {n}")) for n in ("a", "n", "x"))
    assert argon.startswith("| argon-85K **doubtful (1)** |")
    assert neon.startswith("| neon-42K **warned (2)** |")
    assert xenon.startswith("| xenon-274K |")
    assert "1. argon-85K, `newton`: it did not pass its check by simulations" in lines
    assert "2. neon-42K, `newton`: The curve leaves 20 % unexplained." in lines


def test_a_table_counts_every_simulation_and_knows_no_floor(tool, small_result):
    result = small_result()
    result["iterations"]["at_floor"] = ("iteration", [0, 1])
    text = tool.rules({("xenon-274K", "newton"): result})
    assert "| 2 | 8 | 8 | 7 |" in text
    assert "floor" not in text
    old = small_result(old=True, check={"k_hat": 0.2, "failed": ("check", [0] * 16)})
    assert "| 2 | 18 | ≈ 72 | > 7 |" in tool.rules({("xenon-274K", "newton"): old})


def test_a_section_says_what_show_says(tool, small_result):
    text = tool.section(warned(small_result("newton", check=BAD)))
    for part in ("DOUBTFUL", "value (sd), doubtful", "- check: NOT passed", "- warning: The curve"):
        assert part in text
    text = tool.section(small_result("sopr"))
    assert "smoothing band" in text
    assert "equal-tailed" not in text
