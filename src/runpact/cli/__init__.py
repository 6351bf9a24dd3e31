"""Words, flags and exit codes of the command `runpact`."""
