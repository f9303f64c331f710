"""What an expression means: scalars, matrices, functions of entries and of matrices."""
