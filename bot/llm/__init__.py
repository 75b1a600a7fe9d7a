"""Language models: the protocol, the OpenAI client, prices, reading structured answers."""
