"""Configurations: layers joined by a typed schema, with the origin of every value."""
