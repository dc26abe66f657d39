"""How good a generator of our faces is, in numbers: python -m benchmarks.quality --help."""
