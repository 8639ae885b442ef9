"""Tests of the mock's ``service``."""
