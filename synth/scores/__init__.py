"""What is measured of a film: who it is, what the face does, how calm the picture is."""
