"""The Batch account and its storage, made or adopted, with their roles, networks and quotas."""
