"""Tests of the core, a module each."""
