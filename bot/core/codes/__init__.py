"""Every reason code, what it means and what to do next."""
