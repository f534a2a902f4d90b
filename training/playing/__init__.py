"""A model plays around leads that it has never heard, to be judged: `listen --play`.

`leads` chooses them from prepared corpora, `phrases` has some of its own in ragas. `situations` says around which ones
the band plays, and how long it goes on alone; `play` is the stage.
"""
