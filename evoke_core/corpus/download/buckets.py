"""Pictures in S3 buckets: from `s3://bucket/key` to the request that gets it.

boto3 knows regions, endpoints and signatures; the request itself then goes the way of
every other one. So the same limits hold, and a bucket that drips ends by the same
clock, which a thread that waits inside boto3 could not be made to do.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from evoke_core.corpus.download.guard import Place, brief, bucket_and_key

SCHEME = "s3://"
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN")
_VALID_S = 3600  # of a signature; it is made when its request goes out


@dataclass(frozen=True, slots=True)
class Buckets:
    """Makes requests for objects.

    Args:
        client: boto3's, which signs unless it was told not to.
    """

    client: Any

    def place_of(self, address: str) -> Place:
        """Return where an object is got.

        Raises:
            PictureRefused: Not of the form `s3://bucket/key`.
        """
        import httpx

        bucket, key = bucket_and_key(address)
        url = self.client.generate_presigned_url(
            "get_object", {"Bucket": bucket, "Key": key}, ExpiresIn=_VALID_S
        )
        shown = brief(f"{SCHEME}{bucket}/{key}")
        # The operator named the endpoint, and may well have it in a private network.
        return Place(httpx.URL(url), shown, is_trusted=True)


def open_buckets(addresses: Iterable[str]) -> Buckets | None:
    """Make a client where an address needs one.

    Without credentials in the environment nothing is signed, as public buckets allow.
    The endpoint is the standard AWS_ENDPOINT_URL.
    """
    if not any(address.startswith(SCHEME) for address in addresses):
        return None
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    if any(os.environ.get(name) for name in _CREDENTIALS):
        return Buckets(boto3.client("s3", config=Config(signature_version="s3v4")))
    # The global endpoint finds public buckets in any region.
    return Buckets(
        boto3.client(
            "s3",
            region_name="aws-global",
            config=Config(signature_version=UNSIGNED),
        )
    )
