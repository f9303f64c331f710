"""Every code of a message explained: why it is refused, a wrong example, and the example mended."""
