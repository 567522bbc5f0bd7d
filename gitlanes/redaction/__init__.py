"""Texts without the secrets that people and tools put into them; pure but for a cache of rules."""
