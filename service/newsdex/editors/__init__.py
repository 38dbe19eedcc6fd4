"""The files in which editors say how searches go, read anew as they change: what they may be, no request can say."""
