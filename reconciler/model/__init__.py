"""The ground: the nouns of the field as frozen values, the port to CXone, and the error tree. No I/O."""
