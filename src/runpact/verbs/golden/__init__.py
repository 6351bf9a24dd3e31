"""Make golden records, and hold runs against them."""
