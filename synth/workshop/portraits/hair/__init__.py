"""Hair of the head, strand by strand."""
