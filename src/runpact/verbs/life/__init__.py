"""A run while it lives: named, begun, written into, sealed."""
