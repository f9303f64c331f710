"""What a network costs, and the least it can cost: layers, operations, degree."""
