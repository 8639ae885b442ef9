"""Tests of the mock's ``api``."""
