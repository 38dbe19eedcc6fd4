"""The indexer, which alone writes: it takes events in, and looks after archive, projector and pages."""
