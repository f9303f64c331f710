"""The kinds of claims, each in a file of its own, and what a certificate owes as a whole."""
