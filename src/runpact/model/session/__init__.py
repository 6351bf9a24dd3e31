"""Sessions: runs that live for long, and the document that tells their life."""
