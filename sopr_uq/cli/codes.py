"""Exit codes."""

OK = 0
FAULT = 1
"""Nobody took what was printed, or the program itself is wrong (Python's own code)."""
WRONG_INPUT = 2
NOT_CONVERGED = 3
RESULT_DOUBTFUL = 3
DATA_UNEXPLAINED = 4
"""No pair potential gives the data within their errors."""
DISAGREES = 3
INTERRUPTED = 130
"""Ctrl-C; 128 + 15 = 143 for SIGTERM."""
