"""Notes to the rows of the model and back, what a voice hears, and the ONNX file with its metadata; `codec` first."""
