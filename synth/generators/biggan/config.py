"""What fixes a BigGAN-deep's shape: channels of its blocks, classes, where attention stands."""

from __future__ import annotations

from dataclasses import dataclass

from synth.generators.sizes import check_limits, read_record, write_record

MOST_BLOCKS = 32
#: Inner convolutions of a block have a quarter of its input's channels.
REDUCTION = 4


@dataclass(frozen=True)
class BigGANConfig:
    """Sizes of a BigGAN-deep.

    channels: what each block takes, and at last what the last one gives. Every second block
        doubles the resolution, from 4x4 on: 10 blocks make 128x128. attention: the block before
        which the picture attends to itself; None: nowhere.
    z_dim: width of z; embedding_dim: of a class. statistics: at how many truncations, evenly from
        0 to 1, the batch normalisation's means and variances are known.
    vocabulary: 'imagenet' where the classes are ImageNet's; class_names: where they have others.
    Raises ValueError for sizes that make no network.
    """

    channels: tuple[int, ...]
    c_dim: int
    z_dim: int = 128
    embedding_dim: int = 128
    attention: int | None = 8
    statistics: int = 51
    epsilon: float = 1e-4
    vocabulary: str = ""
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        blocks = len(self.channels) - 1
        if not 2 <= blocks <= MOST_BLOCKS or blocks % 2:
            raise ValueError(f"needs 2 to {MOST_BLOCKS} blocks, two for each size; got {blocks}")
        if min(self.channels) < REDUCTION or self.channels[-1] < 3:
            raise ValueError(f"needs at least {REDUCTION} channels; got {min(self.channels)}")
        for before, after in zip(self.channels[:-1], self.channels[1:], strict=True):
            if after > before:
                raise ValueError(f"needs channels that never grow; got {before} then {after}")
        if min(self.z_dim, self.embedding_dim, self.c_dim) < 1 or self.statistics < 2:
            raise ValueError("needs z, embedding and classes of at least 1, and 2 statistics")
        at = self.attention
        if at is not None and (not 0 <= at < blocks or self.channels[at] < 8):
            raise ValueError(f"needs attention before one of {blocks} blocks of 8 channels")
        if not 0 < self.epsilon < 1:
            raise ValueError(f"needs an epsilon between 0 and 1; got {self.epsilon}")
        if self.class_names and len(self.class_names) != self.c_dim:
            raise ValueError(f"needs {self.c_dim} class names or none; got {len(self.class_names)}")

    @property
    def resolution(self) -> int:
        """Height and width of a picture."""
        return 4 << ((len(self.channels) - 1) // 2)

    @property
    def num_layers(self) -> int:
        """Rows of W+: one for the first feature map, and one for each block."""
        return len(self.channels)

    @property
    def w_dim(self) -> int:
        """z, the class's embedding, and the truncation."""
        return self.z_dim + self.embedding_dim + 1

    def to_json(self) -> str:
        """A JSON object that `from_json` reads back to an equal record."""
        return write_record(self)

    @classmethod
    def from_json(cls, text: str) -> BigGANConfig:
        """Read `to_json`'s text. Raises ValueError when it is no such record, or a huge one."""
        config = read_record(cls, text, "a BigGAN configuration")
        check_limits(1, config.resolution, config.c_dim)
        return config
