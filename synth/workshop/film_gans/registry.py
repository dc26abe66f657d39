"""Generators of films by name; new ones are added here."""

from __future__ import annotations

from pathlib import Path

from synth.judging.storage import load_network, save_network
from synth.workshop.film_gans.conv3d import Conv3dGan
from synth.workshop.film_gans.convlstm import ConvLstmGan
from synth.workshop.film_gans.dcgan_walk import DcganWalk
from synth.workshop.film_gans.film_gan import FilmGan, FilmSizes
from synth.workshop.film_gans.mocogan import MocoGan
from synth.workshop.film_gans.pix2pix import Pix2PixGan
from synth.workshop.film_gans.tgan import TganGan

KIND = "moodreel-film-gan"
FILM_GANS: dict[str, type[FilmGan]] = {
    kind.method: kind for kind in (Conv3dGan, ConvLstmGan, Pix2PixGan, DcganWalk, TganGan, MocoGan)
}


def make_film_gan(method: str, sizes: FilmSizes) -> FilmGan:
    """A new one with random weights. Raises ValueError for a name that none has."""
    if method not in FILM_GANS:
        raise ValueError(f"needs a generator of films among {', '.join(FILM_GANS)}; got {method}")
    return FILM_GANS[method](sizes)


def save_film_gan(path: Path, gan: FilmGan, card: dict[str, str]) -> None:
    """Write generator and critics, in half precision, with a card."""
    save_network(path, gan, KIND, card)


def load_film_gan(path: Path) -> FilmGan:
    """Read it, for making films. Raises FileNotFoundError or ValueError naming the file."""
    return load_network(path, KIND, _build)[0]


def _build(method: str, **sizes: int) -> FilmGan:
    return make_film_gan(method, FilmSizes(**sizes))
