"""The command line: a thin door that parses, calls one verb and prints its model."""
