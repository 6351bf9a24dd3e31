"""Examine a workspace and put right what can be."""
