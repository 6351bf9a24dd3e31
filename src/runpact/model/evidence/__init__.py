"""Evidence: what a run measured, window by window, and what follows from it under a policy."""
