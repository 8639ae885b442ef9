"""Every test of the project; the parts are described in each folder."""
