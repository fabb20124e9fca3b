"""What the service remembers: one SQLite file. SQL stands as text beside the verb that runs it.

Functions here take an open connection and run inside the caller's transaction; they decide nothing.
"""
