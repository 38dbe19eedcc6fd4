"""The engines that are compared, behind one protocol."""
