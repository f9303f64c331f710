"""Functions of one variable as tables: proven ranges, near-minimax pieces, proven errors."""
