"""A model plays around leads that it has never heard, to be judged: `listen --play`.

`leads` chooses them from prepared corpora, `phrases` has some of its own in ragas. `situations` says around which
ones the band plays, and how long it goes on alone; `references` are the takes of others beside which the model
stands; `play` is the stage.
"""
