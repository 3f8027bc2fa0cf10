"""Put the numbers and the figure of `make demo`, and the study's table of rules, into the README.

    .venv/bin/python tools/fill_readme.py demo/argon demo/argon-newton
    .venv/bin/python tools/fill_readme.py    # the table of rules alone

Nothing in the README's tables is typed by hand.
"""

from __future__ import annotations

import shutil
import sys
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
TOLD = ("check", "prior", "advice", "warning")
SMOOTHING = (
    "In brackets the last digits' standard deviation: of `newton` the posterior's, of `sopr` that "
    "of its smoothing, which is no error bar of the truth."
)
VARIANTS = {"newton": "`newton`, g(r) and pressure", "sopr": "`sopr`, g(r)"}


def section(folder: Path) -> str:
    """Return one result as Markdown."""
    result = load_result(folder)
    known = dict(facts(result))
    lines = [
        f"**{known['system']}**, rule `{result.attrs['rule']}`:",
        f"{known['outcome']}, {known['misfit']}, {known['time']}.",
        *(f"{name.capitalize()}: {known[name]}" for name in TOLD if name in known),
        "",
        *markdown_table(head(result), table(result)),
    ]
    return "\n".join(lines)


def rules() -> str:
    """Return what each rule made of the four liquids, from the stored study, as Markdown."""
    lines = [
        "| liquid | rule, data | rounds | simulations | σ / Å | ε / kcal/mol |",
        "|---|---|---|---|---|---|",
    ]
    notes = []
    for variant, text in VARIANTS.items():
        for liquid in LIQUIDS:
            result = load_result(STUDY / f"{liquid}-{variant}.nc")
            rows = {name: value for name, value, *_ in table(result)}
            paid = cost(result)
            name = liquid
            if warning := remark(result):
                notes.append(f"{len(notes) + 1}. {liquid}, `{result.attrs['rule']}`: {warning}")
                name += f" **{'doubtful' if is_doubtful(result) else 'warned'} ({len(notes)})**"
            counts = f"{paid.rounds} | {paid.simulations}"
            lines.append(f"| {name} | {text} | {counts} | {rows['σ']} | {rows['ε']} |")
    lines += ["", SMOOTHING]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def remark(result: xr.DataTree) -> str:
    """Return what a row of a table must not hide; empty if nothing."""
    said = str(result.attrs["warning"])
    return said or ("it did not pass its check" if is_doubtful(result) else "")


def fill(name: str, text: str) -> None:
    """Replace what stands between two markers of the README."""
    readme = ROOT / "README.md"
    whole = filled(readme.read_text(encoding="utf-8"), {name: [text]})
    readme.write_text(whole, encoding="utf-8")


def main() -> None:
    """Fill in the folders given on the command line; the last one gives the figure."""
    folders = [Path(argument) for argument in sys.argv[1:]]
    fill("measured", rules())
    if not folders:
        return
    fill("demo", "\n\n".join(section(folder) for folder in folders))
    (ROOT / "docs").mkdir(exist_ok=True)
    shutil.copy(folders[-1] / "figures" / "summary.png", ROOT / "docs" / "argon.png")


if __name__ == "__main__":
    main()
