"""Journals written anew: compacted, and without a secret that leaked."""
