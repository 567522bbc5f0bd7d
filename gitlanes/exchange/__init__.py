"""Lanes out to ordinary branches, and branches in."""
