"""A user's data as matrices: arrays, graphs, regression data."""
