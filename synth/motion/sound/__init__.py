"""A sound moves a face, or leads through people or classes (Castro 2020, GANterpretations)."""
