"""Tests of the mock's ``webhooks``."""
