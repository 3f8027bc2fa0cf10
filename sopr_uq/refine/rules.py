"""The rules that a configuration can name."""

from __future__ import annotations

from collections.abc import Mapping

from sopr_uq.refine.ibi import Ibi
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.sopr import Sopr

RULES: Mapping[str, type[Sopr] | type[Ibi] | type[Newton]] = {
    rule.name: rule for rule in (Sopr, Ibi, Newton)
}
"""By name. Beside what every rule has, each says which kinds of measurement it learns from, and
whether it learns by the response of the liquid, for which an engine must know correlations."""
