"""One file for each normalisation: its name is the name of the file."""
