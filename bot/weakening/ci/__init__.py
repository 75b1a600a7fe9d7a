"""What steers CI, lint and coverage, read from any of their files, and compared before and after."""
