"""Application packages: their content, their upload and their activation."""
