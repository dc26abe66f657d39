"""Marks of generated media: a watermark in the pixels, a signed manifest, a visible badge."""
