"""Facts in, gates out."""
