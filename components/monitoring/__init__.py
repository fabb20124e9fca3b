"""Logs, alerts and a budget."""
