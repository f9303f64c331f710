"""Weights to a network: what a program was compiled to, or what training found, read back."""
