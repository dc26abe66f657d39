"""What moves a face: tracks of emotions, walks, copied motion; all end in a path through W+."""
