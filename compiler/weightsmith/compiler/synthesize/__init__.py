"""From a target and a spectrum to a script: the polynomials, their composition and the depth."""
