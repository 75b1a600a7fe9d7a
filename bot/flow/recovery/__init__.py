"""What follows an error, a lost delivery or a crash: retries, ends, messages sent later, the sweep."""
