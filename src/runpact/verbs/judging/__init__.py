"""Judging, comparing and showing runs."""
