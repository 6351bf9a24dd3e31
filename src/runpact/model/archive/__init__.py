"""What is kept of runs, and what may go: curated copies, retention."""
