"""Evidence: certificates, policies, and who vouches."""
