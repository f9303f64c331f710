"""Equations that have one root, and values that are near to it."""
