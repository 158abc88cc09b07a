"""The files of the model that ships: `model.onnx`, `tokenizer.json`, `card.json`. No code."""
