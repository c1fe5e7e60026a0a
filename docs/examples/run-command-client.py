"""Runs a command on the first machine that is online, by the client that openapi-python-client generates."""

import os

from webxterm_client import AuthenticatedClient, Client
from webxterm_client.api.agent_hub import list_machines, run_machine_command
from webxterm_client.api.auth import login
from webxterm_client.models import Error, ListMachinesStatus, LoginBody, RunMachineCommandBody

URL = os.environ["WEBXTERM_URL"]


def succeeded(answer):
    """The answer of a call. An error has the code and the message of the server."""
    if isinstance(answer, Error):
        raise SystemExit(f"{answer.code}: {answer.error}")
    return answer


account = LoginBody(email=os.environ["WEBXTERM_EMAIL"], password=os.environ["WEBXTERM_PASSWORD"])
token = succeeded(login.sync(client=Client(URL), body=account)).token
client = AuthenticatedClient(URL, token)
for machine in succeeded(list_machines.sync(client=client, status=ListMachinesStatus.ONLINE, limit=1)).machines:
    result = succeeded(
        run_machine_command.sync(machine.agent_id, client=client, body=RunMachineCommandBody(command="uname -s"))
    )
    print(f"{machine.name}: {result.stdout}", end="")
