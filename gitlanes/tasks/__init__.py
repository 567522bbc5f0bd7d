"""Tasks: work that is wanted of a lane, handed out to agents and merged when it is done."""
