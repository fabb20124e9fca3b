"""The Batch data plane over HTTP: one handler an operation, which parses, makes one call, and answers."""
