"""Inspectors: each reports facts about a file and never judges, whatever its bytes."""
