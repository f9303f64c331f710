"""What each loop carries: the changes of representation, and the choice among them."""
