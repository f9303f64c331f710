"""How large the arguments of a script's functions are."""
