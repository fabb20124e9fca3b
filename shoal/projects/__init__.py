"""Projects on disk: their files and stacks, new ones from the template, and what they pin."""
