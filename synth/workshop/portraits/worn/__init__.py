"""Body, clothes and glasses."""
