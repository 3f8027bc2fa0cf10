"""Numbers for programs: one JSON document on standard output, and nothing else there."""

from __future__ import annotations

import json
import math
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def print_json(found: object) -> None:
    """Print a document; a number that is not finite, for which JSON has no word, is null."""
    click.echo(json.dumps(_finite(found), indent=2, ensure_ascii=False, allow_nan=False))


def _finite(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _finite(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [_finite(value) for value in found]
    return None if isinstance(found, float) and not math.isfinite(found) else found
