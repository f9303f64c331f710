"""Values as functions of one operator: which operators there are, recurrences, targets."""
