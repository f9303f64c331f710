"""From the core program to its normal form."""
