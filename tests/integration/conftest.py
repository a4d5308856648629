import pytest

from harness import Server


@pytest.fixture
def server():
    """A server that is not started yet; its end is checked, its folder removed."""
    instance = Server()
    try:
        yield instance
        instance.stop()
    finally:
        instance.clean()


SIMPLE = """
http {
    server {
        listen 127.0.0.1:%PORT%;
        root %SITE%;
    }
}
"""


@pytest.fixture
def site(server):
    """The test site, served."""
    return server.start(SIMPLE)
