"""What a network computes: layer by layer, in polynomials."""
