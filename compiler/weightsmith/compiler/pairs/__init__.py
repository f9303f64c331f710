"""Softmax heads in place of linear ones: the way to stock architectures."""
