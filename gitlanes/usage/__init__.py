"""What agents say they used, in the formats that they say it, and what that costs; pure."""
