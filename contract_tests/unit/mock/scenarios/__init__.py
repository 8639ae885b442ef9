"""Tests of the mock's ``scenarios``."""
