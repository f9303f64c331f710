"""Rules about networks of softmax pairs."""
