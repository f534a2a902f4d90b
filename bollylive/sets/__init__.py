"""Who is in the band: the table of all settings is in `settings`, read it first; a set file gives them their values."""
