"""What runpact can do: one verb per module."""
