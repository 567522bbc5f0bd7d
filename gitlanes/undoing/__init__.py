"""Taking operations back, and doing them again."""
