"""What a script leaves to the compiler: counts, tolerances and steps, and what it promises."""
