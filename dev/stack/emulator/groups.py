"""The batches of a FIFO queue run in parallel, as on AWS; MiniStack alone runs them one after another."""

from ministack.services import lambda_svc


def apply() -> None:
    """Gives every mapping its MaximumConcurrency: a group that is in a batch is locked in the queue."""

    def concurrency(mapping, *_):
        return int(mapping.get("ScalingConfig", {}).get("MaximumConcurrency", lambda_svc._ESM_SQS_DEFAULT_CONCURRENCY))

    lambda_svc._sqs_esm_concurrency = concurrency
