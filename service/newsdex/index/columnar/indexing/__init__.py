"""From documents to segments, and from several segments to one."""
