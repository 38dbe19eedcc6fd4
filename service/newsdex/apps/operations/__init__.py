"""What operators ask and order: status, traces, and the upkeep of the data folder."""
