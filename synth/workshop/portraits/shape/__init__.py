"""The head: model, identities, expressions, lids."""
