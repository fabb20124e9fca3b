"""Task bodies, rendered one by one from the points of a stage."""
