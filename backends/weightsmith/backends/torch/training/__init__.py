"""Modules that train part of a network: the script's numbers, or the blocks it uses."""
