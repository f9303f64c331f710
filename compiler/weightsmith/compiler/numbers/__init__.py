"""Numbers: floats from exact ones, rounding to the safe side, ranges enclosed by balls."""
