"""Watch, explain, fetch: follow jobs by what Batch and the storage of their outputs report."""
