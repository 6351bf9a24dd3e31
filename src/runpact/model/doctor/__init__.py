"""What ails a workspace, and what would put it right: facts in, diagnoses out."""
