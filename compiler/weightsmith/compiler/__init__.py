"""The compiler: a checked script to a weight template and the evidence for its certificate."""
