"""What belongs to the study: liquids, ways of refining them, and where things lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sopr_uq.experiment import element

HERE = Path(__file__).resolve().parent
CONFIGS: Mapping[str, str] = MappingProxyType(
    {"Ne": "neon", "Ar": "argon", "Kr": "krypton", "Xe": "xenon"}
)
"""Configuration by symbol, in order of polarizability."""

UNMEASURED = ("He", "Rn", "Og")


@dataclass(frozen=True)
class Variant:
    """One way of refining every liquid: a rule, what it is given, and settings of its own."""

    rule: str
    observe: str
    text: str
    settings: tuple[str, ...] = ()


VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "newton": Variant("newton", "g,pressure", "newton, g(r) and pressure"),
        "sopr": Variant("sopr", "g", "sopr, g(r)"),
        "newton-g": Variant("newton", "g", "newton, g(r) alone"),
    }
)
MAIN = "newton"


@dataclass(frozen=True)
class Places:
    """Folders and files.

    Parameters
    ----------
    runs : Path
        Refinements as they ran; large, not kept under version control.
    results : Path
        What is kept of them, and the laws.
    figures : Path
        Figures.
    readme : Path
        The file whose marked places are filled in.
    """

    runs: Path
    results: Path
    figures: Path
    readme: Path

    def run(self, symbol: str, variant: str) -> Path:
        """Return the folder of a refinement."""
        return self.runs / name(symbol, variant)

    def result(self, symbol: str, variant: str) -> Path:
        """Return the stored result of a refinement."""
        return self.results / f"{name(symbol, variant)}.nc"

    def stored(self, variant: str) -> dict[str, Path]:
        """Return the stored results of a variant by symbol, those that exist."""
        found = {symbol: self.result(symbol, variant) for symbol in CONFIGS}
        return {symbol: path for symbol, path in found.items() if path.is_file()}

    @property
    def laws(self) -> Path:
        """The file of laws."""
        return self.results / "laws.nc"

    @property
    def variations(self) -> Path:
        """The file that says how answers move."""
        return self.results / "variations.nc"


def name(symbol: str, variant: str) -> str:
    """Return the name of a refinement, such as ``argon-85K-newton``."""
    return f"{element(symbol).system}-{variant}"
