"""Models for other programs: ONNX graphs, and a page that predicts words in a browser."""
