"""newsdex: article events in, search answers out."""
