"""The meaning of script and network: every value a family of polynomials."""
