"""The three ways to find a latent, as the article on smooth latent spaces tries them."""

from __future__ import annotations

#: 'guess': a network alone (P-Net, or an encoder); 'search': L-BFGS from random starts;
#: 'both': L-BFGS from the network's guess.
WAYS = ("guess", "search", "both")


def check_way(way: object) -> None:
    """Raise ValueError for another word."""
    if way not in WAYS:
        raise ValueError(f"needs a way among {', '.join(WAYS)}; got {way!r}; try both")
