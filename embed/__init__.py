"""Photos and videos of people in: faces, alignment and back, inversion into W+, who is it."""
