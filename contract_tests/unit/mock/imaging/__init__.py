"""Tests of the mock's ``imaging``."""
