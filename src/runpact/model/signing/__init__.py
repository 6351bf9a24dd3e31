"""Signatures: what is signed, by which keys, and whom a reader trusts."""
