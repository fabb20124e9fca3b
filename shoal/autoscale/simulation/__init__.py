"""Discrete-event simulation of one pool under a formula. Its parts can be used alone."""
