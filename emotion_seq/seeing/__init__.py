"""Pictures of emotions: over time, from one to the next, and of a training."""
