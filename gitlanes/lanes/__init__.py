"""Lanes: made, deleted, and shown."""
