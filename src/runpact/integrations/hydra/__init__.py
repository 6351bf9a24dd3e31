"""Hydra: its output directory is the run. `runpact.hydra` has the public names."""
