"""Nodes of a stack's pools: their start tasks, their restart, and the recovery of those that can do no work."""
