"""Who vouches for a certificate: the seam for signatures.

Knows: the question, and that an answer comes from the caller's trust, never from the certificate.
Does not know: envelopes and keys.
"""

from __future__ import annotations

from collections.abc import Callable

from runpact.disk.evidence import read_beside
from runpact.model.evidence.step import Step
from runpact.model.signing.envelope import FILE

ATTESTATION = FILE

Authenticator = Callable[[str, bytes], Step]
"""Says of a certificate, by its absolute path and its bytes, whether somebody trusted signed these bytes."""


def nobody_trusted(certificate: str, data: bytes) -> Step:
    """Answer without a trust file: a signature that stands there is not believed."""
    del data
    if read_beside(certificate, ATTESTATION) is None:
        return Step(name="signature", reason="not_authenticated", observed="no signature")
    return Step(
        name="signature",
        reason="signature_not_checked",
        message="it was not checked: give --trust FILE",
        observed=ATTESTATION,
    )
