"""Keep models and data sets for good, find them by URI, let runs use them."""
