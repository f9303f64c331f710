"""What a command tells a user: bounds, scales, tables."""
