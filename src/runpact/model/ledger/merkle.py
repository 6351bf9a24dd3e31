"""The Merkle tree over a list of byte strings.

Knows: how leaves and nodes are hashed, how a leaf is proven to be in a tree.
Does not know: what the leaves say.

Source:
    RFC 6962, section 2.1: a leaf is hashed behind 0x00, a node behind 0x01; the left half of a tree is the
    largest power of two that is smaller than the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256().digest()
"""Root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two halves."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of the tree over these leaf hashes."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    half = _half(len(leaves))
    return node_hash(root_of(leaves[:half]), root_of(leaves[half:]))


def path_to(index: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return what leads from a leaf to the root: the other half at each step, beginning at the leaf.

    Args:
        index: Of the leaf, from 0; below the number of leaves.
        leaves: Leaf hashes of the whole tree.
    """
    if len(leaves) <= 1:
        return ()
    half = _half(len(leaves))
    if index < half:
        return (*path_to(index, leaves[:half]), root_of(leaves[half:]))
    return (*path_to(index - half, leaves[half:]), root_of(leaves[:half]))


def root_by_path(leaf: bytes, path: Sequence[bytes], *, index: int, size: int) -> bytes | None:
    """Return the root that a path leads to from a leaf; None when the path is not of that length.

    Args:
        leaf: Its hash.
        path: As `path_to` returns it.
        index: Of the leaf, from 0.
        size: Number of leaves of the tree; above `index`.
    """
    if size <= 1:
        return None if path else leaf
    if not path:
        return None
    half = _half(size)
    is_left = index < half
    inner = root_by_path(
        leaf, path[:-1], index=index if is_left else index - half, size=half if is_left else size - half
    )
    if inner is None:
        return None
    return node_hash(inner, path[-1]) if is_left else node_hash(path[-1], inner)


def _half(size: int) -> int:
    """Return the largest power of two below `size`, which is at least two."""
    return 1 << (size - 1).bit_length() - 1
