"""The servers, one file each: how it is set up, and how its clients push and pull."""
