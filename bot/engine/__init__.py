"""Runs workflows that continue after a crash (with the library dbos), and shows which workers are alive."""
