"""The queue of what is to land on a lane: kept in order, and run."""
