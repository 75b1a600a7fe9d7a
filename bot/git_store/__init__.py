"""Local bare copies (mirrors) of repositories: fetching, reading, writing commits, pushing."""
