"""The embedded CI: a GitHub App that runs a repository's tests."""
