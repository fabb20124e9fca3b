"""Nodes without a process and a directory, whose boots and tasks pass in virtual time."""
