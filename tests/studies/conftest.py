"""Modules of a study, which its script finds beside itself."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

STUDIES = Path(__file__).resolve().parents[2] / "studies"


@contextmanager
def _modules_of(study: str, *names: str) -> Iterator[list[ModuleType]]:
    """Within the context, ``plan`` and so on are those of one study, of which each has its own."""
    hidden = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.path.insert(0, str(STUDIES / study))
    try:
        yield [importlib.import_module(name) for name in names]
    finally:
        sys.path.remove(str(STUDIES / study))
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)


@pytest.fixture(scope="session")
def modules_of():
    """A context of a study's folder and the names of its modules, all that these import too."""
    return _modules_of


@pytest.fixture
def filled_again(tmp_path) -> Callable[[str, Callable[[Path], None]], tuple[str, str]]:
    """The README of a study as it is, and as a function that fills one leaves it."""

    def both(study: str, fill: Callable[[Path], None]) -> tuple[str, str]:
        text = (STUDIES / study / "README.md").read_text(encoding="utf-8")
        copy = tmp_path / "README.md"
        copy.write_text(text, encoding="utf-8")
        fill(copy)
        return text, copy.read_text(encoding="utf-8")

    return both
