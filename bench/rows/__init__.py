"""The rows of the table, by what they are about; `row.py` says how to add one."""
