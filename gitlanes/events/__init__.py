"""Events: what happened to lanes, told from their journals."""
