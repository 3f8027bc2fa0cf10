"""Exit codes."""

OK = 0
WRONG_INPUT = 2
NOT_CONVERGED = 3
INTERRUPTED = 130
"""Ctrl-C; 128 + 15 = 143 for SIGTERM."""
