"""What skin, eyes and mouth look like before and in the light."""
