"""Simulation of one pool under a formula, by discrete events; and its parts, which can be used alone."""
