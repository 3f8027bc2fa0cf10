"""The command line: ``sopr-uq``."""

from sopr_uq.cli.main import main

__all__ = ["main"]
