"""What is wrong with this box, in plain words, and the one command that makes it right.

Rule 1: a check is a function of a Machine and the configuration. It reads; it starts, opens and changes nothing.
Rule 2: whatever a file holds, and whether it is there at all, a check answers. What it could not find out it says.
Rule 3: device libraries are tried in short processes of their own (libraries.py), never in here.
"""
