"""One file for each mask: its name is the name of the file."""
