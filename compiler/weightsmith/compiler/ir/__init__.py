"""The types that pass between the stages of the compiler."""
