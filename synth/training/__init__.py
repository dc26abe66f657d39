"""How the bundled generator is made: head model, renderer, data set, training loop."""
