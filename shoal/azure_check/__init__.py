"""A deployed stack as the service sees it: what it offers compared with our tables, and a report of what happened."""
