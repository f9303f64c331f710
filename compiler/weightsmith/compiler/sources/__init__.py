"""Scripts that are made from a formula: its text, or a sympy expression."""
