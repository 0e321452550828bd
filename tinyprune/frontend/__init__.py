"""Front ends: Keras to int8 `.tflite` (imports TensorFlow, lazily) and `.tflite` to `Graph` (imports none)."""
