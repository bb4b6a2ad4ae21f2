"""What is in images: files, commands, configuration."""
