"""Exact algebra: rational functions, polynomials in matrices, piecewise-linear functions."""
