"""Functions of one operator: its spectrum, recurrences in its eigenvalue, targets."""
