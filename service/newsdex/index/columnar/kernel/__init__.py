"""The loops that numpy has no fast operation for, in C."""
