"""Text and places in it: characters, numbers as they are written, messages, strict documents."""
