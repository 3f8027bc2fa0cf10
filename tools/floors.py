"""Print pins of the lowest versions that pyproject.toml allows: `make floors` installs them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def pins(text: str) -> list[str]:
    """Return ``name==floor`` of every requirement ``name>=floor``, but those of the benchmarks."""
    project = tomllib.loads(text)["project"]
    extras = {k: v for k, v in project["optional-dependencies"].items() if k != "bench"}
    needed = [*project["dependencies"], *(r for each in extras.values() for r in each)]
    found = (re.fullmatch(r"([\w.-]+)>=([\w.]+)", r) for r in needed)
    return sorted({f"{m[1]}=={m[2]}" for m in found if m}, key=str.lower)


if __name__ == "__main__":
    print("\n".join(pins(PROJECT.read_text(encoding="utf-8"))))
