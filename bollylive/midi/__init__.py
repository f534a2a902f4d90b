"""MIDI streams and MIDI files as plain values; read `messages` first.

A file is read in these steps: `smf_header`, `smf_messages`, `smf_reader`, `merged_file`, `strokes` and `unended`,
`file_parts`, `song_reader`. `song_files` opens and writes files; `song` is what they hold.
"""
