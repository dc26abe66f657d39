"""Generators of films that came before latent paths, written from their papers, to compare with."""
