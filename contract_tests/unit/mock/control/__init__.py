"""Tests of the mock's ``control``."""
