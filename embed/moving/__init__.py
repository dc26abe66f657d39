"""A photo's own pixels, moved as the generator's pictures of the person move."""
