"""A person in a clip acts a track, with the clip's own pixels."""
