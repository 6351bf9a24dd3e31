"""The verifier that stands alone: one file without any other, for those who do not want to install runpact.

Knows: where the file is.
Does not know: what it does.
"""

from __future__ import annotations

import os

NAME = "runpact_verify.py"
"""What the file is called, also where it is copied to."""


def verifier_source() -> bytes:
    """Return the bytes of the file, to be copied beside evidence; readers are told to fetch their own."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), NAME), "rb") as file:
        return file.read()
