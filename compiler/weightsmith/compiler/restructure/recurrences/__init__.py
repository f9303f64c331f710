"""Functions of one operator: their recurrences, what is materialised, and the lines for it."""
