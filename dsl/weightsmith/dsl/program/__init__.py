"""Core programs: what they are made of, and small operations on them."""
