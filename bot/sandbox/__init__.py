"""An embedded GitHub, CI, model server and the demo that runs on them."""
