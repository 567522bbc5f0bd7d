"""The nouns: immutable models without I/O, each with its plain form for JSON."""
