"""Proof that the tests find faults: each known fault and each changed operator must make a test fail."""
