"""One file for each function: its name is the name of the file.  What they share stands above."""
