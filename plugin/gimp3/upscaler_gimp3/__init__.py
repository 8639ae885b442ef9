"""The front end for GIMP 3.0 and 3.2: a layer out, a layer back, and everything around it kept."""
