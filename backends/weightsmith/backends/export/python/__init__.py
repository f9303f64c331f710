"""A plan as a Python file for people to read and run."""
