"""Proofs that two scripts return the same."""
