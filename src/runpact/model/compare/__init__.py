"""What differs between runs, and what of it may."""
