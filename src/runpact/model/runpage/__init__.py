"""Pages about one run, for people: what they say, and how it looks."""
