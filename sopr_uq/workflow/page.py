"""A result as one page of HTML that needs nothing else: for a referee, or in a notebook."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import xarray as xr

from sopr_uq.disk import write_atomic
from sopr_uq.posterior.status import outcome, reserve
from sopr_uq.workflow.markdown import report
from sopr_uq.workflow.report import head, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CAPTIONS = {
    "rdf": "Radial distribution function: measured, simulated, and the band of the draws.",
    "potential": "Pair potential with the band of its draws, beside the reference.",
    "prior": "What was believed before the measurement, and after.",
    "course": "Course of the refinement.",
}
_TABLE_END = "</table></div>"
_SHEET = "summary"
"""Which shows once more what the others show."""

_DOI = re.compile(r"doi (10\.[^\s<]*[^\s<.])")

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #ffffff; --line: #d0d0d0;
  --soft: #f4f5f7; --mark: #0a5a94; --warn: #8a3b00; --warn-soft: #fff3e6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #16181b;
  --line: #3a3d42; --soft: #202327; --mark: #7cc0f0; --warn: #ffb877; --warn-soft: #33230f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2.4rem; }
a { color: var(--mark); overflow-wrap: anywhere; } li, p { overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; min-width: 20rem; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .9rem .35rem 0;
  text-align: left; vertical-align: top; font-variant-numeric: tabular-nums; }
pre { background: var(--soft); padding: 1rem; overflow-x: auto; border-radius: .4rem;
  font-size: .85rem; }
.figures { display: grid; gap: 1.2rem; margin: 1.5rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
figure { margin: 0; } figcaption { font-size: .9rem; margin-top: .4rem; }
figure img { width: 100%; height: auto; background: #fff; border-radius: .4rem; padding: .4rem; }
.warning { border-left: .3rem solid var(--warn); background: var(--warn-soft);
  padding: .6rem 1rem; border-radius: .2rem; }
@media print { main { max-width: none; } pre { white-space: pre-wrap; } }
"""


def page(tree: xr.DataTree, prob: float = 0.95) -> str:
    """Return a whole page on a refinement's result, or on laws.

    Parameters
    ----------
    tree : DataTree
        As read from ``result.nc`` or ``laws.nc``.
    prob : float
        Probability of the equal-tailed intervals.

    Returns
    -------
    str
        HTML with its figures in it: what
        :func:`~sopr_uq.workflow.markdown.report` says, its warnings first.
    """
    title = f"{tree.attrs.get('system', 'Power laws in polarizability')}: report"
    text = _rendered(report(tree, prob))
    heading, _, body = text.partition("</h1>")
    numbers, _, rest = body.partition(_TABLE_END)
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>",
            f"{heading}</h1>",
            *_warnings(tree),
            numbers + _TABLE_END,
            '<div class="figures">',
            *_figures(tree),
            "</div>",
            rest,
            "</main>\n</body>\n</html>\n",
        ]
    )


def save_page(tree: xr.DataTree, file: Path, prob: float = 0.95) -> Path:
    """Write :func:`page` whole, and return its file."""
    write_atomic(file, page(tree, prob).encode())
    return file


def panel(tree: xr.DataTree, prob: float = 0.95) -> str:
    """Return what a notebook shows of a refinement: numbers, picture, warnings.

    Parameters
    ----------
    tree : DataTree
        A refinement's result.
    prob : float
        Probability of the equal-tailed intervals.
    """
    from sopr_uq.figures.sheet import refinement_sheet

    cell = "padding:.2em 1em .2em 0;text-align:left"
    names = "".join(f'<th style="{cell}">{escape(text)}</th>' for text in head(tree, prob))
    rows = "".join(
        "<tr>" + "".join(f'<td style="{cell}">{escape(text)}</td>' for text in row) + "</tr>"
        for row in table(tree, prob)
    )
    ended = f"{tree.attrs['rule']}, {tree.attrs['engine']}: {outcome(tree)}"
    return "\n".join(
        [
            "<div>",
            f"<p><strong>{escape(str(tree.attrs['system']))}</strong> ({escape(ended)})</p>",
            *_warnings(tree),
            f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>",
            _picture(refinement_sheet(tree), "g(r), v(r) and the course of the refinement"),
            "</div>",
        ]
    )


def _warnings(tree: xr.DataTree) -> Iterator[str]:
    """Say first what a reader must know."""
    said = [str(tree.attrs.get("warning", ""))]
    if reserve(tree):
        said.insert(0, f"{reserve(tree).capitalize()}. {tree.attrs.get('message', '')}")
    text = " ".join(dict.fromkeys(filter(None, said)))
    if text:
        style = "border-left:.3em solid #c05a00;padding:.3em .8em"
        yield f'<p class="warning" style="{style}">{escape(text)}</p>'


def _rendered(markdown: str) -> str:
    """Return HTML of Markdown; wide tables scroll by themselves."""
    from markdown_it import MarkdownIt

    html: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    html = _DOI.sub(r'doi <a href="https://doi.org/\1">\1</a>', html)
    return html.replace("<table>", '<div class="wide"><table>').replace("</table>", _TABLE_END)


def _figures(tree: xr.DataTree) -> Iterator[str]:
    from sopr_uq.workflow.figures import save_figures

    with TemporaryDirectory() as folder:
        for file in save_figures(tree, Path(folder)):
            if file.suffix == ".png" and file.stem != _SHEET:
                name, _, label = file.stem.partition("-")
                caption = f"{label}: {_CAPTIONS.get(name, name)}" if label else _CAPTIONS.get(name)
                yield _figure(file.read_bytes(), caption or file.stem)


def _figure(png: bytes, caption: str) -> str:
    words = escape(caption)
    return f"<figure>{_image(png, caption)}<figcaption>{words}</figcaption></figure>"


def _image(png: bytes, words: str) -> str:
    source = f"data:image/png;base64,{b64encode(png).decode()}"
    return f'<img src="{source}" alt="{escape(words)}" style="max-width:100%;background:#fff">'


def _picture(figure: Figure, words: str) -> str:
    """Return a figure as an image, and close it."""
    import matplotlib.pyplot as plt

    content = BytesIO()
    figure.savefig(content, format="png", dpi=110)
    plt.close(figure)
    return _image(content.getvalue(), words)
