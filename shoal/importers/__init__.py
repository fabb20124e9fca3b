"""IMPORT: job files from the configurations of other tools, with a list of what could not be carried over.

Pure: a configuration's values in, a job file's values out. Nothing here connects to a service.
"""
