"""Commands for publishers: events and articles, on their way in and as the archive has them."""
