"""The service's memory: one SQLite file, and a frozen record for each table that is read widely.

Records and queries take an open connection and run inside the caller's transaction; they decide nothing. SQL stands as
text beside the verb that runs it.
"""
