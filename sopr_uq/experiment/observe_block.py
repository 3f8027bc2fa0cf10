"""The ``[[observe]]`` of a file, to paste."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def observe_block(
    path: Path,
    kind: str,
    form: str,
    unit: str,
    columns: Sequence[str | int] | None,
    more: tuple[str, ...] = (),
) -> str:
    """Return the lines of TOML; ``more`` are whole lines behind them."""
    lines = ["[[observe]]", f'kind = "{kind}"', f'file = "{path.name}"']
    if form != kind:
        lines.append(f'form = "{form}"')
    if unit not in ("angstrom", "1/angstrom"):
        lines.append(f'unit = "{unit}"')
    if columns is not None:
        cells = [str(c) if isinstance(c, int) else f'"{c}"' for c in columns]
        lines.append(f"columns = [{', '.join(cells)}]")
    return "\n".join([*lines, *more])
