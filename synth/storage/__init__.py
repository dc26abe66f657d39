"""Files: whole or not at all, fetched by card, with the settings they were made with."""
