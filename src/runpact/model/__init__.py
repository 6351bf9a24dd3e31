"""Pure rules and immutable values: what a run is, what a contract says, how one is judged by the other."""
