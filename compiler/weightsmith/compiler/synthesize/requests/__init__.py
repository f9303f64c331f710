"""What a script asks for: a function of a matrix on a spectrum; and what no network can do."""
