"""What the program declares: one file, one component resource. `Environment` wires the others."""
