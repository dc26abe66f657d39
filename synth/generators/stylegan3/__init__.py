"""StyleGAN3 (Karras et al. 2021, arXiv 2106.12423): layers that shift and turn with their input."""
