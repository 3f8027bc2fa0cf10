"""Put what `make demo` gave into the README, and the study's table of rules into `docs/numbers.md`.

    .venv/bin/python tools/fill_readme.py demo/argon demo/argon-newton
    .venv/bin/python tools/fill_readme.py    # the table of rules alone

Nothing in these tables is typed by hand.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import xarray as xr

from sopr_uq.posterior.cost import cost
from sopr_uq.posterior.status import is_doubtful
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.report import facts, head, table
from sopr_uq.workflow.result import load_result

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "studies" / "noble_gases" / "results"
LIQUIDS = ("neon-42K", "argon-85K", "krypton-199K", "xenon-274K")
HEAD = (
    "liquid", "rule, data", "rounds", "simulations", "10³ MD steps", "seconds", "σ / Å",
    "ε / kcal/mol",
)  # fmt: skip
TOLD = ("check", "prior", "advice", "warning")
SMOOTHING = (
    "In brackets the last digits' standard deviation: of `newton` the posterior's, of `sopr` that "
    "of its smoothing, which is no error bar of the truth."
)
VARIANTS = {"newton": "`newton`, g(r) and pressure", "sopr": "`sopr`, g(r)"}


def section(result: xr.DataTree) -> str:
    """Return one result as Markdown."""
    known = dict(facts(result))
    lines = [
        f"**{known['system']}**, rule `{result.attrs['rule']}`:",
        f"{known['outcome']}, {known['misfit']}, {known['time']}.",
        "",
        *(f"- {name}: {known[name]}" for name in TOLD if name in known),
        "",
        *markdown_table(head(result), table(result)),
    ]
    return "\n".join(lines)


def rules(results: Mapping[tuple[str, str], xr.DataTree]) -> str:
    """Return what each rule made of the liquids, as Markdown.

    Parameters
    ----------
    results : mapping of (liquid, variant) to DataTree
    """
    rows, notes = [], []
    for (liquid, variant), result in results.items():
        name, remark = liquid, remark_on(result)
        if remark:
            notes.append(f"{len(notes) + 1}. {liquid}, `{result.attrs['rule']}`: {remark}")
            name += f" **{'doubtful' if is_doubtful(result) else 'warned'} ({len(notes)})**"
        numbers = {label: value for label, value, *_ in table(result)}
        rows.append((name, VARIANTS[variant], *costs(result), numbers["σ"], numbers["ε"]))
    return "\n".join([*markdown_table(HEAD, rows), "", SMOOTHING, *(["", *notes] if notes else [])])


def costs(result: xr.DataTree) -> tuple[str, str, str, str]:
    """Return rounds, simulations, thousands of steps and seconds of everything, as text."""
    paid = cost(result)
    steps, seconds = f"{paid.md_steps / 1000:.0f}", f"{paid.seconds:.0f}"
    if paid.untimed:
        steps, seconds = f"≈ {steps}", f"> {seconds}"
    return str(paid.rounds), str(paid.simulations), steps, seconds


def remark_on(result: xr.DataTree) -> str:
    """Return what a row of a table must not hide; empty if nothing."""
    said = str(result.attrs["warning"])
    return said or ("it did not pass its check by simulations" if is_doubtful(result) else "")


def stored() -> dict[tuple[str, str], xr.DataTree]:
    """Return the results of the study by liquid and variant."""
    pairs = [(liquid, variant) for variant in VARIANTS for liquid in LIQUIDS]
    return {(x, v): load_result(STUDY / f"{x}-{v}.nc") for x, v in pairs}


def fill(page: Path, name: str, text: str) -> None:
    """Replace what stands between two markers of a page."""
    whole = filled(page.read_text(encoding="utf-8"), {name: [text]})
    page.write_text(whole, encoding="utf-8")


def main() -> None:
    """Fill in the folders given on the command line; the last one gives the figure."""
    folders = [Path(argument) for argument in sys.argv[1:]]
    fill(ROOT / "docs" / "numbers.md", "measured", rules(stored()))
    if not folders:
        return
    said = "\n\n".join(section(load_result(folder)) for folder in folders)
    fill(ROOT / "README.md", "demo", said)
    (ROOT / "docs").mkdir(exist_ok=True)
    shutil.copy(folders[-1] / "figures" / "summary.png", ROOT / "docs" / "argon.png")


if __name__ == "__main__":
    main()
