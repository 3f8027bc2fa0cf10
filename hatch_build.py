"""What a wheel and a source distribution say about the commit that they were built from."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommitStamp(BuildHookInterface):
    """Puts the commit into the package; an editable install asks git itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the commit beside the code that is packed, and nothing into the work tree."""
        sys.path.insert(0, self.root)
        from sopr_uq.revision import STAMP, commit

        found = commit(Path(self.root, "sopr_uq"))
        # What was built from a source distribution has the file already.
        if version == "editable" or not found or not Path(self.root, ".git").exists():
            return
        self._folder = tempfile.TemporaryDirectory()
        stamp = Path(self._folder.name, STAMP)
        stamp.write_text(f"{found}\n", encoding="ascii")
        build_data["force_include"][str(stamp)] = f"sopr_uq/{STAMP}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what was written for the build."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()
