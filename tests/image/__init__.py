"""What can be said of the image without making one."""
