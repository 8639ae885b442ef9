"""Calls to worker processes, in the foreground and in the background."""
