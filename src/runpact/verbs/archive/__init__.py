"""What is kept, with its evidence, and what may go."""
