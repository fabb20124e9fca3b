"""Secrets by reference: their names in job files, their values where the tasks run."""
