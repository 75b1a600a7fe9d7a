"""GitHub's API by noun, its errors as typed errors, its facts as frozen values."""
