"""Matrices known up to a proven radius: sums, products, inverses, polar factors."""
