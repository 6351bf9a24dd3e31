"""Sweeps: many runs of one question, and who came out best."""
