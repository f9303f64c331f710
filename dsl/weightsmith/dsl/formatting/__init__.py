"""The layout of scripts: spaces, indentation and blank lines, and nothing else of them."""
