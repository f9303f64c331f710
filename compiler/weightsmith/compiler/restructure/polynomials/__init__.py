"""Programs that return a polynomial in one operator, evaluated in few layers."""
