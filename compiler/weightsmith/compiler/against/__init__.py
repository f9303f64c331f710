"""Does a network implement a script?  The search for invariants; the checker proves them."""
