"""A listener that throws bodies away: what HTTP and the client cost, whoever serves."""

import socket
import threading

import tools
from image import MIB, Image


class Sink:
    """Answers every PUT with 200 after its last byte."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                _swallow(connection)

    def push(self, image: Image) -> None:
        """Sends an image into the void."""
        tools.curl("--upload-file", str(image.path), f"{self.base}/image")


def _swallow(connection: socket.socket) -> None:
    head, block = b"", bytearray(MIB)
    while b"\r\n\r\n" not in head:
        head += connection.recv(65536)
    head, _, begun = head.partition(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    left = int(length.split(b":")[1]) - len(begun)
    while left > 0 and (count := connection.recv_into(block)):
        left -= count
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
