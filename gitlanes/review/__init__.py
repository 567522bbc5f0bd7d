"""Attempts: proposed, then accepted or rejected."""
