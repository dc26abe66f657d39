"""One person followed through a video, without shaking."""
