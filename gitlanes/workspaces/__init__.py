"""Lanes' directories: made, captured, moved along with their lane, and mended."""
