"""Experiments: created, run stage by stage, looked at."""
