"""Run directories on disk: the only code that knows paths inside a run."""
