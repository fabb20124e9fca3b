"""A private network for nodes, and private links from it to the accounts."""
