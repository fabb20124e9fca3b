"""A pool: its arguments, the rules they keep, and the resource that is made of them."""
