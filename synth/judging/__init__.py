"""Networks that look at generated pictures: how far apart they are, and which emotion they show."""
