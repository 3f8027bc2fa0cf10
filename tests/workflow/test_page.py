"""A result as a page of its own, and in a notebook."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from sopr_uq import load_result, report
from sopr_uq.cli.main import cli
from sopr_uq.posterior.store import write
from sopr_uq.workflow.page import page, panel, save_page
from sopr_uq.workflow.report import table
from sopr_uq.workflow.result import Result

VOID = {"meta", "img", "br", "hr"}


class Page(HTMLParser):
    """What a browser would see: text, images, links; and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.open, self.sources, self.faults = "", [], [], []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        self.sources += [value for key, value in attrs if key in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data) -> None:
        self.text += data if "style" not in self.open else ""


@pytest.fixture(scope="module")
def result(refined) -> Result:
    return load_result(refined["Kr"])


@pytest.fixture(scope="module")
def seen(result) -> Page:
    return Page(page(result))


def test_a_page_is_whole_and_needs_nothing_else(seen) -> None:
    assert not seen.open
    assert not seen.faults
    images = [s for s in seen.sources if s.startswith("data:image/png;base64,")]
    links = [s for s in seen.sources if s.startswith("https://doi.org/10.")]
    assert len(images) >= 3
    assert links
    assert len(images) + len(links) == len(seen.sources)
    assert not {"script", "link", "iframe"} & seen.tags


def test_it_says_what_the_report_says(result, seen) -> None:
    for row in table(result):
        assert all(cell in seen.text for cell in row)
    for heading in (line for line in report(result).splitlines() if line.startswith("#")):
        assert heading.strip("# ") in seen.text
    assert "Please cite" in seen.text
    assert "temperature = 199" in seen.text, "settings"


def test_it_is_light_and_dark_and_narrow(result) -> None:
    html = page(result)
    assert "prefers-color-scheme: dark" in html
    assert 'name="viewport"' in html
    assert html.count('<div class="wide"><table>') == html.count("</table></div>") >= 1


def test_warnings_come_first(result) -> None:
    doubted = result.copy()
    doubted.attrs |= {"outcome": "doubtful", "message": "few draws", "warning": "few draws"}
    text = Page(page(doubted)).text
    assert text.index("Doubtful. few draws") < text.index("quantity")
    assert "Doubtful" not in Page(page(result)).text


def test_what_a_file_says_is_text_and_no_code(result) -> None:
    evil = result.copy()
    evil.attrs |= {"system": "<script>alert(1)</script>", "warning": "<b>x</b>"}
    for html in (page(evil), panel(evil)):
        assert "<script>" not in html
        assert "<b>x" not in html
        assert not Page(html).faults


def test_a_result_shows_itself(result) -> None:
    html = result._repr_html_()
    seen = Page(html.partition("<details>")[0])
    assert not seen.faults
    assert len(seen.sources) == 1
    assert all(cell in seen.text for row in table(result) for cell in row)


def test_and_is_xarrays_otherwise(result, refined) -> None:
    with xr.open_datatree(refined["Kr"] / "result.nc") as plain:
        xr.testing.assert_identical(xr.DataTree.from_dict(result.to_dict()), plain.load())
    assert isinstance(result, xr.DataTree)
    assert "krypton" not in result["posterior"]._repr_html_()
    assert np.isfinite(result["derived"]["sigma"]).all()


def test_the_command_writes_it(result, refined, tmp_path) -> None:
    write(result, tmp_path / "result.nc")
    done = CliRunner().invoke(cli, ["report", str(tmp_path), "--html"])
    assert done.exit_code == 0, done.output
    assert done.output.strip() == str(tmp_path / "report.html")
    named = CliRunner().invoke(
        cli, ["report", str(tmp_path / "result.nc"), "--html", "--out", str(tmp_path / "own.html")]
    )
    assert named.exit_code == 0, named.output
    written = (tmp_path / "own.html").read_text(encoding="utf-8")
    assert written == (tmp_path / "report.html").read_text(encoding="utf-8")


def test_laws_have_a_page_too(laws_file, tmp_path) -> None:
    from sopr_uq.workflow.result import load_any

    file = save_page(load_any(laws_file), tmp_path / "laws.html")
    seen = Page(file.read_text(encoding="utf-8"))
    assert not seen.faults
    assert "Power laws in polarizability" in seen.text
    assert seen.sources
