"""The error-correcting code of the watermark: bits that survive most of theirs being wrong.

In: an identifier of 32 bits. Out: 192 code bits; and back from 192 soft values (positive: 1). Eight
check bits (CRC, polynomial x^8 + x^5 + x^3 + x^2 + x + 1, start 0xFF) and eight zeros that empty
the register follow the identifier; then a convolutional code of rate 1/4 and constraint length 9,
generators 463, 535, 733 and 745 in octal, free distance 24 (Larsen, Short convolutional codes with
maximal free distance for rates 1/2, 1/3 and 1/4, IEEE Transactions on Information Theory 19(3),
1973). Decoding is Viterbi's: the path through the register's 256 states that fits best.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

ID_BITS, CHECK_BITS, MEMORY = 32, 8, 8
GENERATORS = (0o463, 0o535, 0o733, 0o745)
CODE_BITS = (ID_BITS + CHECK_BITS + MEMORY) * len(GENERATORS)
_CRC_POLYNOMIAL, _CRC_START = 0x2F, 0xFF

Bits = Int[np.ndarray, " bit"]


def encode_id(identifier: int) -> Bits:
    """An identifier of 0 to 2^32 - 1 -> its 192 code bits, 0 or 1. ValueError for another."""
    if not 0 <= identifier < 1 << ID_BITS:
        raise ValueError(f"needs an identifier of {ID_BITS} bits; got {identifier}; try make_id")
    message = identifier << CHECK_BITS | compute_check(identifier)
    register, code = 0, []
    for place in range(ID_BITS + CHECK_BITS - 1, -1 - MEMORY, -1):
        bit = message >> place & 1 if place >= 0 else 0
        register = (register << 1 | bit) & ((2 << MEMORY) - 1)
        code += [(register & generator).bit_count() & 1 for generator in GENERATORS]
    return np.array(code)


def decode_id(soft: Float[np.ndarray, " bit"]) -> int | None:
    """192 soft values -> the likeliest identifier; None where its check bits do not fit."""
    signs = _list_outputs()
    states = 1 << MEMORY
    score = np.full(states, -np.inf)
    score[0] = 0.0
    # The register's new state has two predecessors, which differ in their oldest bit.
    new = np.arange(states)
    olds = np.stack([new >> 1, new >> 1 | states >> 1])
    choices = []
    for values in np.reshape(soft, (-1, len(GENERATORS))):
        gains = signs @ values
        registers = olds << 1 | (new & 1)
        totals = score[olds] + gains[registers]
        choices.append(totals.argmax(0))
        score = totals.max(0)
    state, bits = 0, []
    for choice in reversed(choices):
        bits.append(state & 1)
        state = int(olds[choice[state], state])
    message = 0
    for bit in bits[::-1][: ID_BITS + CHECK_BITS]:
        message = message << 1 | bit
    identifier = message >> CHECK_BITS
    fits = message & ((1 << CHECK_BITS) - 1) == compute_check(identifier)
    return identifier if fits else None


def compute_check(identifier: int) -> int:
    """The eight check bits of an identifier."""
    register = _CRC_START
    for byte in identifier.to_bytes(ID_BITS // 8, "big"):
        register ^= byte
        for _ in range(8):
            carry = register & 0x80
            register = register << 1 & 0xFF ^ (_CRC_POLYNOMIAL if carry else 0)
    return register


def _list_outputs() -> Float[np.ndarray, "register generator"]:
    """What each content of the register (512) sends: -1 for 0, 1 for 1."""
    registers = range(2 << MEMORY)
    return np.array([[(r & g).bit_count() % 2 * 2.0 - 1 for g in GENERATORS] for r in registers])
