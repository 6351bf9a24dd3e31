"""Sessions: what they tell, what is wrong with them, how one is ended."""
