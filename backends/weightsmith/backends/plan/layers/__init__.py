"""A layer as operations: the stream, heads, MLPs, masks, and their numbers."""
