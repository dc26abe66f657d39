"""The run-time type checker of all tests: an int is as good as a float, as in PEP 484."""

from beartype import BeartypeConf, beartype

check_types = beartype(conf=BeartypeConf(is_pep484_tower=True))
