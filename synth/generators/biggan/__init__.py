"""BigGAN-deep (Brock et al. 2019, arXiv 1809.11096): pictures of classes, such as ImageNet's."""
