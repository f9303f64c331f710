"""A network that is equal to a script, saved with a certificate that says so."""
