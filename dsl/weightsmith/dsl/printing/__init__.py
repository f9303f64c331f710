"""Core programs and what they assume, as text."""
