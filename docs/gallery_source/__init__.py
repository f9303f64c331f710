"""What docs/gallery.py writes the gallery from: entries, scripts, and the code that computes."""
