"""What is heard in a sound: variation, inflections, loudness, onsets, beats, silences."""
