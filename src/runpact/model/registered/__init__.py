"""Models and data sets that are kept for good, and the URIs that name them."""
