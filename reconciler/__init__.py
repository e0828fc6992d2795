"""Do-not-call lists as code: git says who may not be called, CXone is made to agree."""

__version__ = "0.1.0"
