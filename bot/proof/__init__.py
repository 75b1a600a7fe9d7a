"""Proofs of merges: the two signed documents, the file that holds them, and how a proof is checked."""
