"""Questions about many runs: filters, orders, columns.

Knows: the grammar, what each field is, how a question becomes a predicate or SQL text.
Does not know: where runs stand, how an answer is fetched or shown.
"""
