"""The outside world of a run: clock, processes, code, environment, child."""
