"""Faults that the server must survive; a package, so that it has a conftest of its own."""
