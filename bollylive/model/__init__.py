"""Notes to the rows of the model and back, what a voice hears, and the ONNX file with its metadata; `codec` first.

The conductor's network stands beside: `chord_words`, `chord_predictor`, then `plan_rows` and `chord_model`.
"""
