"""From the syntax tree of an algorithm to its core program: declarations, statements, calls."""
