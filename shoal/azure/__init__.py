"""Facts of Azure, each with its date and its source: images, VM sizes, limits. Nothing here opens a connection."""
