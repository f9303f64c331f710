"""What is given: tensors of a file, and the layout that says what they are."""
