"""The index of a workspace's runs: tables in SQLite.

Knows: tables, transactions, what damage looks like.
Does not know: run directories, when a row is out of date.
"""
