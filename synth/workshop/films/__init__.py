"""Films to learn from: rendered people whose truth is known, and folders of clips of others."""
