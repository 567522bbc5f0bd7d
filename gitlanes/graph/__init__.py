"""Lanes that depend on lanes: who follows whom, and who waits."""
