"""Shoal: Azure Batch environments as code, and templated jobs that run on them or on a laptop."""
