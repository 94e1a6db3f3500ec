"""A first stream: a command that works when it is pasted, as a person who is signed in for it."""

from __future__ import annotations

import json
import urllib.request

MOBILE = "+14155550199"
TITLE = "A first stream"


def command(variables: dict) -> str | None:
    """The command; None if codes go out by text message."""
    try:
        api = variables["API_URL"]
        challenge = _call(f"{api}/auth/send-otp", None, {"mobile": MOBILE})
        proof = {"challenge_id": challenge["challenge_id"], "otp": challenge["otp"]}
        token = _call(f"{api}/auth/verify-otp", None, proof)["access_token"]
        rooms = [room for room in _call(f"{api}/chatroom", token)["data"] if room["title"] == TITLE]
        room = (rooms or [_call(f"{api}/chatroom", token, {"title": TITLE})])[0]["id"]
    except (KeyError, OSError):
        return None
    # The stand-in of Gemini writes slowly if it is told to.
    question = ("[[drip:200]] " if "GEMINI_STANDIN_URL" in variables else "") + "What is tea?"
    lines = [
        f"curl -N {variables['STREAM_URL'].rstrip('/')}/chatroom/{room}/message",
        "-H accept:text/event-stream -H content-type:application/json",
        f"-H 'authorization: Bearer {token}'",
        f"-d '{json.dumps({'content': question})}'",
    ]
    return " \\\n      ".join(lines)


def _call(url: str, token: str | None, body: dict | None = None) -> dict:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)
