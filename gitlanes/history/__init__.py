"""What was tried, decided and landed: reads only."""
