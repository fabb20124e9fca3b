"""Explain what a job waits for or why it failed: evidence is collected, and a table of pure rows decides."""
