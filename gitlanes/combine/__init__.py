"""The landing algorithm, pure: trees in, plan or collisions out."""
