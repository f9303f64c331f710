"""After a run: a proven bound on the distance between what came out and the target."""
