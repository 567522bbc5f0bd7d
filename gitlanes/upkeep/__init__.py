"""Looking after a repository: what is wrong with it, and mending what safely can be."""
