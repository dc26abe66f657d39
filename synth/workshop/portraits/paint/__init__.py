"""What surfaces look like: colours, the map of the face, and the painter of pixels."""
