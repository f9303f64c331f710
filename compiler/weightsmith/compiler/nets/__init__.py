"""Networks as text, ``.net``: read, written, and compared with one another."""
