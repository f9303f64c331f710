"""Programs with numbers: values of parameters, and the reference semantics in NumPy."""
