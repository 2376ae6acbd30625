"""What `table.py` is made of."""
