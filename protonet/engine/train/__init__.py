"""Training steps on one packed plan: activations and gradients in blocks, memory used again."""
