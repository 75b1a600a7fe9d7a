"""The durable engine (the only user of dbos) and the locks that show which executors are alive."""
