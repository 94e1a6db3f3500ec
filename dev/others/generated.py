"""The journey with the client that openapi-generator makes for Python: `generated.py FOLDER`, with API_URL."""

import os
import sys
import time

sys.path.insert(0, sys.argv[1])

import chat_client as client

HOST = os.environ["API_URL"]


def main() -> None:
    """Signs in, writes, reads and signs out; an assertion ends it."""
    door = client.AuthenticationApi(client.ApiClient(client.Configuration(host=HOST)))
    mobile = f"+1555{time.time_ns() // 1000 % 1_000_000_000:09}"
    sent = door.send_otp(client.SendOtpRequest(mobile=mobile))
    verified = door.verify_otp(client.VerifyOtpRequest(challenge_id=sent.challenge_id, otp=sent.otp))
    assert verified.scope == client.TokenScope.SESSION and verified.user.mobile == mobile, verified

    own = client.ApiClient(client.Configuration(host=HOST, access_token=verified.access_token))
    rooms, messages = client.ChatroomsApi(own), client.MessagesApi(own)
    room = rooms.create_room(client.CreateRoomRequest(title="Tea"))
    accepted = messages.send_message(room.id, client.SendMessageRequest(content="hi"), idempotency_key="one")
    again = messages.send_message(room.id, client.SendMessageRequest(content="hi"), idempotency_key="one")
    assert again.message.id == accepted.message.id, "the same message twice"
    reply = messages.get_message(room.id, accepted.reply.id, wait=20)
    assert reply.state == client.ReplyState.COMPLETED, reply
    read = rooms.get_room(room.id)
    assert [one.role for one in read.messages.data] == [client.Role.USER, client.Role.ASSISTANT], read

    try:
        messages.regenerate_reply(room.id, room.id)
        raise AssertionError("a message that does not exist is written anew")
    except client.exceptions.NotFoundException as refused:
        assert refused.data.code == client.Code.NOT_FOUND, refused
    client.AuthenticationApi(own).log_out(_headers={"content-type": "application/json"})
    try:
        client.AccountApi(own).get_me()
        raise AssertionError("a session that has ended is good")
    except client.exceptions.UnauthorizedException as refused:
        assert refused.data.code == client.Code.UNAUTHENTICATED, refused


main()
