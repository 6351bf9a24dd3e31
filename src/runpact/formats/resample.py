"""Resampling with numpy: the same bits as the plain reference, many certificates a second.

Knows: how numpy draws and sums.
Does not know: what an interval is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from runpact.model.evidence.statistics import Terms

_NARROW = 4096
_SLACK = 64


def resample_with_numpy(terms: Terms, seed: bytes, resamples: int) -> Sequence[float]:
    """Return the quotient of each resample; `resample_plainly` says what they are."""
    import numpy as np  # noqa: PLC0415 - costs more than one certificate

    windows = len(terms.weights)
    count = windows * resamples
    form = np.dtype("<u2" if windows <= _NARROW else "<u4")
    span: int = 1 << 8 * form.itemsize
    limit = span - span % windows
    asked = count * span // limit + _SLACK
    while True:
        words = np.frombuffer(hashlib.shake_128(seed).digest(asked * form.itemsize), form)
        accepted = words[words < limit][:count] if limit < span else words[:count]
        if accepted.size == count:
            break
        asked *= 2
    drawn = (accepted % form.type(windows)).astype(np.intp).reshape(resamples, windows)
    if len(set(terms.weights)) == 1:
        quotients = np.array(terms.products).take(drawn).sum(axis=1) / sum(terms.weights)
    else:
        both = np.array([complex(*pair) for pair in zip(terms.products, terms.weights, strict=True)])
        sums = both.take(drawn).sum(axis=1)
        quotients = sums.real / sums.imag
    return [float(each) for each in quotients.tolist()]
