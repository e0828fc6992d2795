"""The clone and its origin that these tests work in."""

from tests.support.clones import _nobody, _pattern, clone, origin  # noqa: F401  (fixtures)
