"""Language models: the interface, the OpenAI client, prices, reading answers in JSON."""
