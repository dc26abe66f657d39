"""Faces in pictures: found, marked with 68 points, cut out upright and pasted back."""
