"""The embedded model server: scripted answers over OpenAI's protocol."""
