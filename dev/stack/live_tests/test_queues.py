"""The reply queues of a running stack: how much they bear, and which repeated sends they drop."""

import json
import os
import unittest
import uuid

import boto3


class ReplyQueues(unittest.TestCase):
    """A room is a message group, and a reply's id is the deduplication id of its first send."""

    def setUp(self):
        self.sqs = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        kept = ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
        url = os.environ["PRO_QUEUE_URL"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        # A queue like it that no worker reads.
        self.settings = {name: attributes[name] for name in kept}
        self.queue = self.sqs.create_queue(QueueName=f"{uuid.uuid4()}.fifo", Attributes=self.settings)["QueueUrl"]
        self.addCleanup(self.sqs.delete_queue, QueueUrl=self.queue)

    def send(self, room: str, reply: str) -> None:
        self.sqs.send_message(
            QueueUrl=self.queue,
            MessageBody=json.dumps({"chatroom_id": room, "reply_id": reply}),
            MessageGroupId=room,
            MessageDeduplicationId=reply,
        )

    def received(self) -> list[str]:
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"])["reply_id"] for message in answer.get("Messages", [])]

    def test_the_limit_of_300_calls_a_second_is_a_rooms_and_not_the_queues(self):
        limits = (self.settings["FifoThroughputLimit"], self.settings["DeduplicationScope"])
        self.assertEqual(limits, ("perMessageGroupId", "messageGroup"))

    def test_a_reply_that_is_sent_twice_is_received_once(self):
        for _ in range(2):
            self.send("tea", "one")
            self.send("tea", "two")
            self.send("coffee", "three")
        self.assertEqual(sorted(self.received()), ["one", "three", "two"])
