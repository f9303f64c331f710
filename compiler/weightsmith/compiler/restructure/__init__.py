"""Same algorithm, fewer layers: by powers of a loop's step, or by the polynomial returned."""
