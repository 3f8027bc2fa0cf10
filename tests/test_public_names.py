"""``import sopr_uq``: quick, complete, and the same for people and type checkers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sopr_uq


def test_importing_brings_in_neither_samplers_nor_figures():
    code = (
        "import sys, sopr_uq; dir(sopr_uq);"
        "heavy = {'numpy', 'pymc', 'pytensor', 'nutpie', 'matplotlib', 'arviz', 'xarray'};"
        "print(*heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.strip()


def test_every_public_name_is_there():
    assert all(getattr(sopr_uq, name) is not None for name in sopr_uq.__all__)
    assert set(sopr_uq.__all__) <= set(dir(sopr_uq))


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sopr_uq.nothing


def test_the_stub_names_the_same():
    stub = ast.parse(Path(sopr_uq.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imported = {
        (node.module, alias.name)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {name for _, name in imported} == set(sopr_uq.__all__) - {"__version__"}
    for module, name in imported:
        assert getattr(sys.modules[module], name, None) is getattr(sopr_uq, name)
