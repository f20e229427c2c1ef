"""Whatever calls the app by a name that is not its own gets nothing, on plain HTTP too."""

import urllib.error
import urllib.request

import pytest

from tests.e2e.serving import App


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/host-config", "/media/x.png"])
def test_another_hosts_name_is_refused(app: App, path: str) -> None:
    def status(host: str) -> int:
        request = urllib.request.Request(app.url + path, headers={"Host": host})
        try:
            return int(urllib.request.urlopen(request, timeout=30).status)
        except urllib.error.HTTPError as refusal:
            return int(refusal.code)

    known = 404 if path.startswith("/media") else 200
    assert status(f"localhost:{app.port}") == status("127.0.0.1") == known
    assert status("evil.example") == status("127.0.0.1.evil.example") == 400
