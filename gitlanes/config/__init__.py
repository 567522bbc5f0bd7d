"""What gitlanes is told by settings: which there are, where they come from, whether they fit."""
