"""The team's file: its text at a lane's head, whether a person trusts it, running what it names."""
