"""Loops that are affine in what they carry, by powers of their step."""
