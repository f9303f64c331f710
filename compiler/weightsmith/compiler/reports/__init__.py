"""What a reader is told of a network: bounds, depth, tables, rounding, stages as text."""
