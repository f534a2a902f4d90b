"""Files are written whole or not at all (`whole_file`), or for hours without losing a line (`append_file`)."""
