"""Fixtures of the tests of trends: reports built and read as in the tests of `gdtbridge.sr`."""

from tests.sr.conftest import read

__all__ = ["read"]
