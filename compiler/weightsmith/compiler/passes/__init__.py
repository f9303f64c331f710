"""The passes of the compiler, one a file, in the order of ``pipeline.py``."""
