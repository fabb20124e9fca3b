"""A job file bound to an environment: how its tasks reach blobs, and the local files that they read."""
