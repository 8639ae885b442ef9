"""Image files, read and written in pure Python: PNG, JPEG, WebP, metadata."""
