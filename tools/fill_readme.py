"""Put the numbers and the figure of `make demo`, and the study's table of rules, into the README.

    .venv/bin/python tools/fill_readme.py demo/argon demo/argon-newton
    .venv/bin/python tools/fill_readme.py    # the table of rules alone

Nothing in the README's tables is typed by hand.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sopr_uq.workflow.markdown import filled
from sopr_uq.workflow.report import facts, table
from sopr_uq.workflow.result import load_result

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "studies" / "noble_gases" / "results"
LIQUIDS = ("neon-42K", "argon-85K", "krypton-199K", "xenon-274K")
VARIANTS = {"newton": "`newton`, g(r) and pressure", "sopr": "`sopr`, g(r)"}


def section(folder: Path) -> str:
    """Return one result as Markdown."""
    result = load_result(folder)
    known = dict(facts(result))
    lines = [
        f"**{known['system']}**, rule `{result.attrs['rule']}`:",
        f"{known['outcome']}, {known['misfit']}, {known['time']}.",
        "",
        "| quantity | value (sd) | 95 % equal-tailed interval | unit |",
        "|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(row) + " |" for row in table(result)]
    return "\n".join(lines)


def rules() -> str:
    """Return what each rule made of the four liquids, from the stored study, as Markdown."""
    lines = [
        "| liquid | rule, data | MD runs to the noise floor | MD runs | σ / Å | ε / kcal/mol |",
        "|---|---|---|---|---|---|",
    ]
    for variant, text in VARIANTS.items():
        for liquid in LIQUIDS:
            result = load_result(STUDY / f"{liquid}-{variant}.nc")
            rows = {name: value for name, value, *_ in table(result)}
            course = result["iterations"]
            floor = "–"
            if "at_floor" in course:
                floor = str(1 + int(course["at_floor"].values.argmax()))
            runs = course.sizes["iteration"]
            lines.append(f"| {liquid} | {text} | {floor} | {runs} | {rows['σ']} | {rows['ε']} |")
    return "\n".join(lines)


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
