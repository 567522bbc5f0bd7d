"""Agents at work: one process each, with its terminal, log, budget and end; batches of them."""
