"""The contract language: what a contract may say, and how a document becomes a contract."""
