"""Do-not-call lists as code: git says who may not be called, CXone is made to agree.

The twelve packages and the order in which they may import each other are in ARCHITECTURE.md.
"""

__version__ = "0.1.0"
