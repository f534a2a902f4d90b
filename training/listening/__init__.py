"""How a shipped model plays, as a listener would judge it.

Read `listen` first (the stage), then how music is made: `excerpt`, `continuation`, `rendition`. `verdict` gathers the
figures: `overlap`, `repetition`, `fit`, `recovery`, `copying`. `portrait` and `draw` make the pictures.
"""
