"""What all tests share."""

import os

collect_ignore = [] if os.environ.get("CADENCE_CONTRACT") else ["contract"]
"""The contract check needs GitHub's published descriptions; `make contract` fetches them and then collects it."""
