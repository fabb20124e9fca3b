"""`skip: exists`: tasks whose outputs are there from an earlier run, made of the same content, do not run again."""
