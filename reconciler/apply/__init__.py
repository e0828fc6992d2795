"""Carries a plan out through the provider port. No HTTP, no files, no clock; told when to stop."""
