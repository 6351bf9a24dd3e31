"""QuantLab, a small research tool: daily bars in, runs under contract out."""

VERSION = "0.1.0"
