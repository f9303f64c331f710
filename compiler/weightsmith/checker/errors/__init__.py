"""How errors spread through a script, and how near an iteration comes to a root."""
