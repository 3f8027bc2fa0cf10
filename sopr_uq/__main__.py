"""``python -m sopr_uq`` is ``sopr-uq``."""

from sopr_uq.cli import main

main()
