"""What runpact can do: one verb a module, in folders by what they are about.

Imports go down this list:

- `registered`: models and data sets, by URI
- `archive`, `doctor`, `golden`: what is kept and what may go; upkeep; golden records
- `judging`: check, verify, compare, show, plot
- `pipeline`: stages and gates
- `life`: a run from its start to its seal
- `evidence`, `finding`: certificates and policies; which runs there are, and what is known of one
- `capturing`, `contracts`: what is recorded of a run's surroundings; contracts as files
"""
