"""Layers and pixels of the user's image: reading, rendering, scaling, exporting."""
