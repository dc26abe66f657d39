"""A generator, a face and a motion become a film in a folder."""
