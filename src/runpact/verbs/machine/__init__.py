"""Answer requests of programs: read them, carry them out, signal their beginning and end."""
