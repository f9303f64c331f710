"""The operations of a plan, the algebra of combinations over them, and what they cost."""
