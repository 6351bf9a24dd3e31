"""The ledger: what was promoted, pruned and taken back, each entry bound to all before it."""
