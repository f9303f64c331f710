"""From the normal form to layers, blocks, and the weight template."""
