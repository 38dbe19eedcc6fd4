"""Values in messages as platforms really write them: moments and languages."""
