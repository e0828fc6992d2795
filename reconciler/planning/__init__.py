"""The functional core: sets in, one plan out. No I/O, no clock."""
