"""Execution plans: a network as a short list of tensor operations."""

from importlib import import_module

import_module("weightsmith.backends.torch")  # where PyTorch is missing this says what to install
