"""What newsdex needs of the machine: processes, memory, file handles, and files that last and stay private."""
