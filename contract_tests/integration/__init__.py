"""Tests of whole programs: real GIMPs, their windows, the documents."""
