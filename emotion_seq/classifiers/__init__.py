"""Who tells emotions: the published mini-XCEPTION, and a network that one trains oneself."""
