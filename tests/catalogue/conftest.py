"""Fixtures of the catalogue's tests: reports built and read as in the tests of `gdtbridge.sr`."""

from tests.sr.conftest import read

__all__ = ["read"]
