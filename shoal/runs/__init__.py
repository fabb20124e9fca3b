"""Watch, explain, fetch: what becomes of jobs, read from Batch and from the storage of their outputs."""
