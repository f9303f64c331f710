"""Rules: the distance from a target, by functions of one operator."""
