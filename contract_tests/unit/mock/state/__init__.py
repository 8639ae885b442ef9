"""Tests of the mock's ``state``."""
