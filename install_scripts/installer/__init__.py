"""Find GIMPs, put the plug-in into them, examine it there, take it out again."""
