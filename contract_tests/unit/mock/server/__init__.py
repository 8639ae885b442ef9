"""Tests of the mock's ``server``."""
