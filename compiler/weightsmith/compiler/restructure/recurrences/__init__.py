"""Functions of one operator: their recurrences, held functions, and the lines that compute them."""
