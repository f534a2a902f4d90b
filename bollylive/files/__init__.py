"""Files are read (`regular_file`), and written whole or not at all (`whole_file`) or for hours (`append_file`)."""
