"""Rules: tables in place of functions, and what they move."""
