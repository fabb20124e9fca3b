"""A window on a stack in the browser: it shows what the commands know, by the same functions and clients."""
