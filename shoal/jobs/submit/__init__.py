"""Plans, and their submission: input files, the job, then its tasks."""
