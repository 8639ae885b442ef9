"""The windows and their widgets."""
