"""What every format is made from: a subject, its tensors, its plan as steps."""
