"""What layers compute, once more in plain numpy and float64: short, slow, and easy to believe."""
