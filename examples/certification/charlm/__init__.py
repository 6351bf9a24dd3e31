"""A small neural character language model, trained on the standard library's own source text."""

import os

# Set before numpy is imported. Matrices this small gain little from more threads, and sums in one order
# give the same numbers on any count of cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
