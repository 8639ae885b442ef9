"""Properties that hold for every request and answer, with strategies written by hand."""
