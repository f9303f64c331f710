"""Execution plans: a network as a short list of tensor operations."""
