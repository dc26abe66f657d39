"""Networks that compare pictures (VGG16, LPIPS, the bundled one) and people (dlib's ResNet)."""
