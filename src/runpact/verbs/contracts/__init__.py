"""Contracts as files: read, joined, kept for the next process, begun with."""
