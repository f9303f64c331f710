"""Exact scalars, and formulas of one variable: trees, their algebra, their text, their values."""
