"""Signing and sending webhooks."""
