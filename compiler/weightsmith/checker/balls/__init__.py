"""Numbers with proven errors: intervals, balls, formulas on them, sizes of matrices."""
