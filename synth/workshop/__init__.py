"""How the bundled networks are made; nothing at run time imports it."""
