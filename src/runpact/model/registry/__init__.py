"""Registry views: lists of runs in files that others read.

Knows: how values become cells, lines and whole files.
Does not know: runs, the index, the disk.
"""
