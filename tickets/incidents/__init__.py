"""What major incidents need besides the workflow of every incident."""
