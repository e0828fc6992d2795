"""An editor, as far as a language server can tell: opens a file, and asks what it may show."""

import json
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.support.project import ROOT

SERVER = ROOT / ".venv" / "yaml-language-server" / "node_modules" / ".bin" / "yaml-language-server"


class Editor:
    """One editor with a YAML language server behind it, over its standard streams."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = subprocess.Popen(
            [str(SERVER), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._asked = 0
        self._findings: dict[str, list[dict[str, Any]]] = {}

    def __enter__(self) -> Self:
        root = self._folder.as_uri()
        self.ask("initialize", {"processId": None, "rootUri": root, "capabilities": _CAPABILITIES,
                                "workspaceFolders": [{"uri": root, "name": "lists"}]})  # fmt: skip
        self._tell("initialized", {})
        return self

    def __exit__(self, *_: object) -> None:
        self._server.kill()
        self._server.communicate()

    def open(self, path: str, text: str) -> str:
        """Open a file with this text, and give its address."""
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        opened = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": opened})
        return file.as_uri()

    def findings(self, uri: str) -> list[dict[str, Any]]:
        """Wait for what the server marks in a file."""
        while uri not in self._findings:
            self._receive()
        return self._findings[uri]

    def offered(self, uri: str, line: int, column: int) -> list[str]:
        """Ask what it completes to."""
        found = self.ask("textDocument/completion", _at(uri, line, column))
        return [item["label"] for item in found["items"]]

    def shown(self, uri: str, line: int, column: int) -> str:
        """Ask what it shows where the mouse is."""
        return str(self.ask("textDocument/hover", _at(uri, line, column))["contents"]["value"])

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        """Ask, and wait for the answer."""
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while (message := self._receive()).get("id") != self._asked or "method" in message:
            pass
        return message["result"]

    def _tell(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self._server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self._server.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server ended"
        message = json.loads(self._server.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self._findings[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:  # it asks for settings, and gets what a new editor has
            items = message.get("params", {}).get("items", [])
            self._send({"id": message["id"], "result": [_SETTINGS.get(i.get("section")) for i in items]})
        return message


_CAPABILITIES = {
    "textDocument": {
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "completion": {},
        "publishDiagnostics": {},
    },
    "workspace": {"configuration": True},
}
# No schema store: nothing is looked up in the network.
_SETTINGS = {"yaml": {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True}}


def _at(uri: str, line: int, column: int) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}
