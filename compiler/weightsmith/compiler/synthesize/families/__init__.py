"""Polynomials that are near a function: series, minimax polynomials, compositions."""
