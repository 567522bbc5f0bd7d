"""Stacks of review blocks: what a lane has to land, in units that people decide on."""
