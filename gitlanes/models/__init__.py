"""The nouns: frozen dataclasses without I/O, each with its plain form for JSON."""
