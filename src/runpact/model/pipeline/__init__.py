"""Staged pipelines: which stages there are, what must run, what an attempt came to. Pure rules."""
