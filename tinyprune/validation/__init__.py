"""The reference against whatever else can run the model, layer by layer: `tinyprune validate`."""
