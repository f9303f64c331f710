"""Polynomials as scripts, each family in a file of its own."""
