"""The job file: parsed, checked, and its strings compiled as templates."""
