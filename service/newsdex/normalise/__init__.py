"""Makes an article of a scraped page: pure, so that the same page gives the same article on every run."""
