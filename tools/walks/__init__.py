"""One module for each seed: what is made, and which demands each part of it shows."""
