"""Git plumbing in plain types: object ids are hex strings, paths are bytes."""
