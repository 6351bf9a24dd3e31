"""Attestations on disk: the signed envelope beside a certificate.

Knows: that a new one never replaces another, and that signatures are added atomically.
Does not know: what is in it.
"""

from __future__ import annotations

from runpact.disk import io


def keep_attestation(path: str, data: bytes, *, is_new: bool) -> None:
    """Write an attestation.

    Args:
        path: Absolute.
        data: All of it.
        is_new: Nothing stands there yet; otherwise what stands there is replaced at once.

    Raises:
        StorageError: It cannot be written, or something stands there that should not.
    """
    with io.storing("attestation", path):
        if is_new:
            temporary = io.temporary_of(path)
            io.remove_quietly(temporary)
            io.create_file(temporary, data, sync=True)
            try:
                io.publish_file(temporary, path)
            finally:
                io.remove_quietly(temporary)
        else:
            io.replace_file(path, data, sync=True)
