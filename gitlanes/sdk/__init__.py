"""The library's own face."""
