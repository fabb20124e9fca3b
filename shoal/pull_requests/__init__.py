"""The comment of a pull request: the changes that a merge would make, the jobs it would run, and their cost."""
