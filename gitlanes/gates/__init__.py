"""Gates: who judges a tree before it lands, whether its text is trusted, and the running of it."""
