"""Formulas enclosed on intervals: values, derivatives, poles."""
