"""How the bundled generator is made: data set of drawn portraits, losses, training loop."""
