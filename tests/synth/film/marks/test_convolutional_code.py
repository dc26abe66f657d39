import numpy as np
import pytest

from synth.film.marks.convolutional_code import CODE_BITS, decode_id, encode_id

IDS = [0, 1, 0xDEADBEEF, 2**32 - 1]


@pytest.mark.parametrize("identifier", IDS)
def test_an_identifier_comes_back(identifier):
    code = encode_id(identifier)
    assert len(code) == CODE_BITS and set(code.tolist()) <= {0, 1}
    assert decode_id(2.0 * code - 1) == identifier


@pytest.mark.parametrize("identifier", IDS)
def test_eleven_wrong_bits_anywhere_are_mended(identifier):
    # Half of the free distance, which is 24.
    random = np.random.default_rng(identifier)
    for _ in range(10):
        soft = 2.0 * encode_id(identifier) - 1
        soft[random.choice(CODE_BITS, 11, replace=False)] *= -1
        assert decode_id(soft) == identifier


def test_codes_differ_in_many_bits():
    random = np.random.default_rng(0)
    for identifier in random.integers(0, 2**32, 50).tolist():
        for place in (0, 15, 31):
            other = encode_id(identifier ^ 1 << place)
            assert np.sum(encode_id(identifier) != other) >= 24


def test_noise_rarely_has_fitting_check_bits():
    random = np.random.default_rng(0)
    found = [decode_id(random.normal(size=CODE_BITS)) for _ in range(60)]
    assert sum(one is not None for one in found) <= 4


@pytest.mark.parametrize("identifier", [-1, 2**32])
def test_other_numbers_are_refused(identifier):
    with pytest.raises(ValueError, match="needs an identifier of 32 bits"):
        encode_id(identifier)
