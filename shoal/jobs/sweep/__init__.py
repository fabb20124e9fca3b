"""The points of a sweep, and the task ids made of them."""
