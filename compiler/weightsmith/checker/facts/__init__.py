"""What a certificate is made of: facts, the rules they follow by, and what files owe."""
