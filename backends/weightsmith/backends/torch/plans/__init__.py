"""Execution plans on PyTorch tensors."""
