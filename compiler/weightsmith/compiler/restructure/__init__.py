"""Same algorithm, fewer layers: loops of affine steps by powers of their operator."""
