"""How lanes are remembered in git: journals, notes, transactions and their recovery."""
