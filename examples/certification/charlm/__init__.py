"""A small neural character language model, trained on the standard library's own source text."""
