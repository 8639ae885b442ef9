"""The control API and the page at /__mock__/."""
