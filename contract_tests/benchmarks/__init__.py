"""What takes how long, measured side by side with what a user would have otherwise.

Run by ``python3 install_scripts/bench.py``. A benchmark times its subjects in turn, within one run, and
judges only their ratio; nothing here is a timed test. ``catalogue.py`` lists them all.
"""
