"""Piecewise-linear tables that are near a function: few pieces, small error."""
