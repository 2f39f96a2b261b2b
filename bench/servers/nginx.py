"""nginx with `sendfile`: the mark for everything that ends in bytes from a file."""

import shutil
from pathlib import Path

import tools
from server import Server

SETTINGS = """\
user root;
worker_processes auto;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log error;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {root};
        location /put/ {{ dav_methods PUT; }}
    }}
}}
"""


class Nginx(Server):
    """Serves a folder, and takes files by PUT, which it neither hashes nor syncs."""

    name = "nginx"

    def command(self) -> list[str]:
        self.root = self.folder / "root"
        (self.root / "put").mkdir(parents=True)
        settings = self.folder / "nginx.conf"
        settings.write_text(SETTINGS.format(folder=self.folder, root=self.root, port=self.port))
        return [tools.find("nginx"), "-c", str(settings)]

    def offer(self, file: Path, name: str) -> str:
        """Serves a copy of a file, and gives its URL. A copy, because the others too keep their own."""
        shutil.copyfile(file, self.root / name)
        return f"{self.base}/{name}"

    def offer_text(self, text: bytes, name: str) -> str:
        """Serves a small file, and gives its path."""
        (self.root / name).write_bytes(text)
        return f"/{name}"

    def push(self, file: Path) -> None:
        """Stores a file."""
        tools.curl("--upload-file", str(file), f"{self.base}/put/image")

    def forget(self) -> None:
        """Deletes what was stored."""
        (self.root / "put" / "image").unlink()
