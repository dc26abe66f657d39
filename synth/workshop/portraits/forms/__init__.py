"""What people have and wear, as solid forms: hair, beards, brows, lashes, hats, ear-rings."""
