"""Weights that somebody trained or edited: what they are, and how far they are from the script."""
