"""The inverse problem: liquids, the field of unknown potentials, one loop, small rules.

:func:`refine` is the loop, imported when it is first asked for: settings need none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sopr_uq.refine.loop import refine

__all__ = ["refine"]


def __getattr__(name: str) -> Any:
    if name != "refine":
        raise AttributeError(f"module 'sopr_uq.refine' has no attribute {name!r}")
    from sopr_uq.refine.loop import refine

    return refine
