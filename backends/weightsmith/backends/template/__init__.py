"""The weight template: read, checked, unrolled, with numbers, with data as tokens."""
