"""The control API and the page at /__mock__/."""

PREFIX = "/__mock__"
"""The beginning of every path of the control API."""
