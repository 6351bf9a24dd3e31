"""Finding runs, and what is known of one."""
