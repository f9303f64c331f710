"""Rules: what the network of template.json computes, and its weights."""
