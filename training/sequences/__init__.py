"""A voice of a song as the rows of a model, and how probable models find it.

Read `sequence` first (rows, and the band that is heard with them), then `dataset` (augmented batches for training) and
`scoring` (the protocol of all that is measured).
"""
