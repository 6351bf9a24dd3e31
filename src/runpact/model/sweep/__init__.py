"""Sweeps: what is tried, in which order, and what comes out best."""
