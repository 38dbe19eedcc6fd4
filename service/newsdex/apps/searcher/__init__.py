"""The searcher: takes requests in, answers each by its deadline, and tells of it."""
