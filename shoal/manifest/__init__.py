"""The manifest of a run: what it was made of, kept beside its outputs, so that it can be compared and run again."""
