"""Runs a command on the first machine that is online, by the standard library."""

import json
import os
import urllib.error
import urllib.request

URL = os.environ["WEBXTERM_URL"]


def call(method, path, body=None, token=None):
    """The JSON of an answer. An error has the code and the message of the server."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        raise SystemExit(f"{problem['code']}: {problem['error']}") from error


account = {"email": os.environ["WEBXTERM_EMAIL"], "password": os.environ["WEBXTERM_PASSWORD"]}
token = call("POST", "/api/login", account)["token"]
for machine in call("GET", "/api/machines?status=online&limit=1", token=token)["machines"]:
    path = f"/api/machines/{machine['agent_id']}/command"
    result = call("POST", path, {"command": "uname -s"}, token)
    print(f"{machine['name']}: {result['stdout']}", end="")
