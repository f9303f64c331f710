"""What a user gives to a command, and what can be wrong with it."""
