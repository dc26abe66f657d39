"""A coarse guess of W+ from one look at a picture: its networks, their training, their files."""
