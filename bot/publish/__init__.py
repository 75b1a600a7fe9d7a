"""What people see on GitHub: branch, pull request, status comment, reviews, check runs."""
