#!/usr/bin/env python2
# coding: utf-8
"""Precision Upscaler for GIMP 2.10: registers the procedures with Python-Fu, and nothing else."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from gimpfu import main

from upscaler_gimp2 import procedures

procedures.register_all()
main()
