"""The main job, shown on a temporary clone with real agents' processes."""
