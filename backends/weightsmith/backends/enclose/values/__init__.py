"""What an expression is worth on data: functions, entries, products, up to a radius."""
