"""What boto3 sees of a gateway: python boto3_client.py URL [TOKEN]. Prints one JSON object: what each step answered."""

import hashlib
import io
import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

url = sys.argv[1]
token = sys.argv[2] if len(sys.argv) > 2 else "anything"
bucket = "master.data"
MIB = 1024 * 1024


def connect(key=token, secret=token, **options):
    config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, **options)
    return boto3.client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret, config=config)


s3 = connect()


def code_of(call):
    """The code and the status of what a call is refused with; a HEAD's answer has only the status."""
    try:
        call()
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return None


def read(key, **options):
    return s3.get_object(Bucket=bucket, Key=key, **options)["Body"].read()


def keys(pages):
    pages = list(pages)
    return {
        "pages": len(pages),
        "keys": [item["Key"] for page in pages for item in page.get("Contents", [])],
        "prefixes": [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", [])],
    }


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def buckets():
    s3.create_bucket(Bucket=bucket)
    s3.create_bucket(Bucket="dev.data")
    return {
        "names": [found["Name"] for found in s3.list_buckets()["Buckets"]],
        "again": code_of(lambda: s3.create_bucket(Bucket=bucket)),
        "head": s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"],
        "short": s3.head_bucket(Bucket="data")["ResponseMetadata"]["HTTPStatusCode"],
        "missing": code_of(lambda: s3.head_bucket(Bucket="no.such")),
        "location": s3.get_bucket_location(Bucket=bucket)["LocationConstraint"],
        "versioning": s3.get_bucket_versioning(Bucket=bucket)["Status"],
        "enabled": s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})["ResponseMetadata"]["HTTPStatusCode"],
        "suspended": code_of(lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})),
        "versions": code_of(lambda: s3.list_object_versions(Bucket=bucket)),
    }


def objects():
    put = s3.put_object(Bucket=bucket, Key="dir/hello.txt", Body=b"hello\n")
    head = s3.head_object(Bucket=bucket, Key="dir/hello.txt")
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    return {
        "etag": put["ETag"],
        "sameVersion": put["VersionId"] == head["VersionId"],
        "length": head["ContentLength"],
        "text": read("dir/hello.txt").decode(),
        "empty": read("empty").decode(),
        "folder": code_of(lambda: s3.head_object(Bucket=bucket, Key="dir")),
        "folderSlash": code_of(lambda: s3.head_object(Bucket=bucket, Key="dir/")),
        "missing": code_of(lambda: read("dir/none")),
        "otherBucket": code_of(lambda: s3.get_object(Bucket="no.such", Key="x")),
        "badName": code_of(lambda: s3.list_objects_v2(Bucket="a.b.c.d")),
        "putMissing": code_of(lambda: s3.put_object(Bucket="no.such", Key="x", Body=b"")),
    }


def ranges():
    data = bytes(range(256)) * 40
    s3.put_object(Bucket=bucket, Key="ranges", Body=data)
    first = s3.get_object(Bucket=bucket, Key="ranges", Range="bytes=0-9")
    return {
        "status": first["ResponseMetadata"]["HTTPStatusCode"],
        "contentRange": first["ContentRange"],
        "first": first["Body"].read() == data[:10],
        "middle": read("ranges", Range="bytes=1000-1999") == data[1000:2000],
        "open": read("ranges", Range="bytes=10000-") == data[10000:],
        "suffix": read("ranges", Range="bytes=-7") == data[-7:],
        "tooLong": read("ranges", Range="bytes=10239-99999") == data[10239:],
        "behind": code_of(lambda: read("ranges", Range="bytes=10240-")),
        "ofEmpty": code_of(lambda: read("empty", Range="bytes=0-0")),
    }


def conditions():
    etag = s3.head_object(Bucket=bucket, Key="dir/hello.txt")["ETag"]
    head = s3.head_object(Bucket=bucket, Key="dir/hello.txt")
    put = lambda **more: s3.put_object(Bucket=bucket, Key="dir/hello.txt", Body=b"other", **more)
    return {
        "match": read("dir/hello.txt", IfMatch=etag).decode(),
        "noMatch": code_of(lambda: read("dir/hello.txt", IfMatch='"0"')),
        "unchanged": code_of(lambda: read("dir/hello.txt", IfNoneMatch=etag)),
        "notSince": code_of(lambda: read("dir/hello.txt", IfModifiedSince=head["LastModified"])),
        "onlyNew": code_of(lambda: put(IfNoneMatch="*")),
        "onlyThat": code_of(lambda: put(IfMatch='"0"')),
        "still": read("dir/hello.txt").decode(),
    }


def odd_keys():
    names = ["a b", "100%", "%41", "x&y=z", "semi;colon", "q'quote\"", "tilde~", "comma,$#", "back\\slash", "a:b", "<tag>"]
    for name in names:
        s3.put_object(Bucket=bucket, Key=f"odd/{name}", Body=name.encode())
    listed = keys(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="odd/"))["keys"]
    refused = ["odd/c++", "odd/*", "odd/ü", "odd/../x", "odd//x", "odd/x/", "odd/a b/c/.", "dir/hello.txt/below", "dir"]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "odd/<tag>"}, {"Key": "odd/x&y=z"}, {"Key": "odd/q'quote\""}]})
    return {
        "same": all(read(f"odd/{name}") == name.encode() for name in names if name not in ("<tag>", "x&y=z", "q'quote\"")),
        "unlisted": [name for name in names if f"odd/{name}" not in listed],
        "refused": {name: code_of(lambda: s3.put_object(Bucket=bucket, Key=name, Body=b"x")) for name in refused},
        "deleted": len(keys(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="odd/"))["keys"]) == len(names) - 3,
        "unicodeGet": code_of(lambda: read("odd/ü")),
        "copied": s3.copy_object(Bucket=bucket, Key="odd/100% copy", CopySource={"Bucket": bucket, "Key": "odd/100%"})["ResponseMetadata"]["HTTPStatusCode"],
    }


def lists():
    """The test has put 3,000 files into the repo many: /n/00000 to /n/02999 beside /n-a, /n.b and /z/1/2."""
    many = "many"
    v1, v2 = s3.get_paginator("list_objects"), s3.get_paginator("list_objects_v2")
    everything = keys(v2.paginate(Bucket=many))
    return {
        "v2": [everything["pages"], len(everything["keys"]), everything["keys"] == sorted(everything["keys"])],
        "v1same": keys(v1.paginate(Bucket=many, PaginationConfig={"PageSize": 700}))["keys"] == everything["keys"],
        "v2small": keys(v2.paginate(Bucket=many, PaginationConfig={"PageSize": 997}))["keys"] == everything["keys"],
        "top": keys(v2.paginate(Bucket=many, Delimiter="/")),
        "topByOnes": keys(v2.paginate(Bucket=many, Delimiter="/", PaginationConfig={"PageSize": 1})),
        "topByOnesV1": keys(v1.paginate(Bucket=many, Delimiter="/", PaginationConfig={"PageSize": 1})),
        "inFolder": keys(v2.paginate(Bucket=many, Prefix="z/", Delimiter="/")),
        "prefix": keys(v2.paginate(Bucket=many, Prefix="n/0299"))["keys"],
        "partOfName": keys(v1.paginate(Bucket=many, Prefix="n", Delimiter="/")),
        "startAfter": keys(v2.paginate(Bucket=many, StartAfter="n/02998"))["keys"],
        "none": keys(v2.paginate(Bucket=many, Prefix="nothing"))["keys"],
        "noKeys": s3.list_objects_v2(Bucket=many, MaxKeys=0)["IsTruncated"],
        "owner": s3.list_objects_v2(Bucket=many, MaxKeys=1, FetchOwner=True)["Contents"][0]["Owner"],
        "storageClass": s3.list_objects_v2(Bucket=many, MaxKeys=1)["Contents"][0]["StorageClass"],
        "delimiter": code_of(lambda: s3.list_objects_v2(Bucket=many, Delimiter="-")),
        "token": code_of(lambda: s3.list_objects_v2(Bucket=many, ContinuationToken="!")),
    }


def copies():
    s3.create_bucket(Bucket="copies")
    result = s3.copy_object(Bucket="copies", Key="to/hello.txt", CopySource={"Bucket": bucket, "Key": "dir/hello.txt"}, MetadataDirective="REPLACE")
    version = s3.head_object(Bucket=bucket, Key="dir/hello.txt")["VersionId"]
    s3.put_object(Bucket=bucket, Key="dir/hello.txt", Body=b"changed\n")
    s3.copy_object(Bucket=bucket, Key="old", CopySource={"Bucket": bucket, "Key": "dir/hello.txt", "VersionId": version})
    s3.copy_object(Bucket=bucket, Key="older", CopySource=f"{version}.master.data/dir/hello.txt")
    return {
        "etag": result["CopyObjectResult"]["ETag"],
        "text": s3.get_object(Bucket="copies", Key="to/hello.txt")["Body"].read().decode(),
        "old": [read("old").decode(), read("older").decode(), read("dir/hello.txt", VersionId=version).decode(), read("dir/hello.txt").decode()],
        "missing": code_of(lambda: s3.copy_object(Bucket="copies", Key="x", CopySource={"Bucket": bucket, "Key": "none"})),
        "notThis": code_of(lambda: s3.copy_object(Bucket="copies", Key="x", CopySource={"Bucket": bucket, "Key": "old"}, CopySourceIfMatch='"0"')),
        "commitBucket": [
            s3.get_object(Bucket=f"{version}.master.data", Key="dir/hello.txt")["Body"].read().decode(),
            code_of(lambda: s3.put_object(Bucket=f"{version}.master.data", Key="x", Body=b"x")),
            code_of(lambda: s3.delete_object(Bucket=f"{version}.master.data", Key="dir/hello.txt")),
        ],
    }


def deletions():
    s3.put_object(Bucket="copies", Key="b", Body=b"b")
    first = s3.delete_object(Bucket="copies", Key="to/hello.txt")["ResponseMetadata"]["HTTPStatusCode"]
    again = s3.delete_object(Bucket="copies", Key="to/hello.txt")["ResponseMetadata"]["HTTPStatusCode"]
    not_empty = code_of(lambda: s3.delete_bucket(Bucket="copies"))
    both = s3.delete_objects(Bucket="copies", Delete={"Objects": [{"Key": "b"}, {"Key": "none"}, {"Key": "b", "VersionId": "1"}]})
    s3.delete_bucket(Bucket="copies")
    return {
        "first": first,
        "again": again,
        "notEmpty": not_empty,
        "both": [[found["Key"] for found in both["Deleted"]], [found["Code"] for found in both["Errors"]]],
        "gone": code_of(lambda: s3.head_bucket(Bucket="copies")),
        "version": code_of(lambda: s3.delete_object(Bucket=bucket, Key="old", VersionId="1")),
    }


def multipart():
    data = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(12 * MIB // 32)) + b"end"
    config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(data), bucket, "big", Config=config)
    into = io.BytesIO()
    s3.download_fileobj(bucket, "big", into, Config=config)
    s3.put_object(Bucket=bucket, Key="same", Body=data)
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copied", Config=TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=5 * MIB + 1))
    etags = {s3.head_object(Bucket=bucket, Key=key)["ETag"] for key in ("big", "same", "copied")}
    return {"downloaded": into.getvalue() == data, "oneEtag": len(etags), "copied": sha256(read("copied")) == sha256(data)}


def parts():
    begin = lambda key: s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    upload = begin("parts/one")
    put = lambda number, data: s3.upload_part(Bucket=bucket, Key="parts/one", UploadId=upload, PartNumber=number, Body=data)["ETag"]
    done = lambda listed: s3.complete_multipart_upload(Bucket=bucket, Key="parts/one", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": number, "ETag": etag} for number, etag in listed]})
    large, small, replaced = put(2, b"2" * 5 * MIB), put(3, b"3"), put(7, b"old")
    last = put(7, b"7")
    other = begin("parts/two")
    result = {
        "parts": [[part["PartNumber"], part["Size"]] for part in s3.list_parts(Bucket=bucket, Key="parts/one", UploadId=upload)["Parts"]],
        "page": [part["PartNumber"] for part in s3.list_parts(Bucket=bucket, Key="parts/one", UploadId=upload, MaxParts=1, PartNumberMarker=2)["Parts"]],
        "uploads": [found["Key"] for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1}) for found in page.get("Uploads", [])],
        "wrongOrder": code_of(lambda: done([(3, small), (2, large)])),
        "wrongEtag": code_of(lambda: done([(2, large), (7, replaced)])),
        "notThere": code_of(lambda: done([(2, large), (4, small)])),
        "tooSmall": code_of(lambda: done([(2, large), (3, small), (7, last)])),
        "number": code_of(lambda: put(10001, b"")),
        "otherKey": code_of(lambda: s3.upload_part(Bucket=bucket, Key="parts/two", UploadId=upload, PartNumber=1, Body=b"")),
        "notYet": code_of(lambda: read("parts/one")),
    }
    done([(2, large), (7, last)])
    s3.abort_multipart_upload(Bucket=bucket, Key="parts/two", UploadId=other)
    return result | {
        "whole": read("parts/one") == b"2" * 5 * MIB + b"7",
        "completed": code_of(lambda: done([(2, large)])),
        "aborted": code_of(lambda: s3.abort_multipart_upload(Bucket=bucket, Key="parts/two", UploadId=other)),
        "left": s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []),
    }


def concurrent():
    names = [f"at-once/{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: s3.put_object(Bucket=bucket, Key=name, Body=name.encode()), names))
    return all(read(name) == name.encode() for name in names)


def presigned(client):
    get = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b/c&d", "ResponseContentType": "text/plain"}, ExpiresIn=60)
    put = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a b/c&d"}, ExpiresIn=60)
    request = urllib.request.Request(put, data=b"presigned", method="PUT", headers={"Content-Type": ""})
    with urllib.request.urlopen(request) as answer:
        status = answer.status
    with urllib.request.urlopen(get) as answer:
        return [status, answer.read().decode(), answer.headers["Content-Type"]]


def signatures():
    """Both versions, in the head and in the query, and bodies that are sent in signed or in trailing pieces."""
    v2 = connect(signature_version="s3")
    v2.put_object(Bucket=bucket, Key="v2 signed", Body=b"two")
    return {
        "v2": v2.get_object(Bucket=bucket, Key="v2 signed")["Body"].read().decode(),
        "v2list": len(v2.list_objects_v2(Bucket=bucket, Prefix="v2")["Contents"]),
        "presignedV4": presigned(connect(signature_version="s3v4")),
        "presignedV2": presigned(v2),
        "checksums": [
            s3.put_object(Bucket=bucket, Key="sum", Body=b"sum", ChecksumAlgorithm=algorithm)["ResponseMetadata"]["HTTPStatusCode"]
            for algorithm in ("CRC32", "SHA1", "SHA256")
        ],
        "wrongSum": code_of(lambda: s3.put_object(Bucket=bucket, Key="wrong", Body=b"sum", ChecksumSHA256="A" * 43 + "=")),
        "wrongMd5": code_of(lambda: s3.put_object(Bucket=bucket, Key="wrong", Body=b"sum", ContentMD5="A" * 22 + "==")),
        "nothingLeft": code_of(lambda: s3.head_object(Bucket=bucket, Key="wrong")),
    }


def strangers():
    """What a client gets that does not have the token."""
    list_all = lambda **keys: code_of(lambda: connect(**keys).list_buckets())
    return {
        "otherKey": list_all(key="wrong", secret="wrong"),
        "otherSecret": list_all(secret="wrong"),
        "otherSecretV2": code_of(lambda: connect(secret="wrong", signature_version="s3").list_buckets()),
        "unsigned": code_of(lambda: boto3.client("s3", endpoint_url=url, region_name="x", config=Config(signature_version=__import__("botocore").UNSIGNED)).list_buckets()),
    }


steps = [buckets, objects, ranges, conditions, odd_keys, lists, copies, deletions, multipart, parts, concurrent, signatures]
if token != "anything":
    steps = [buckets, objects, odd_keys, signatures, strangers, *([multipart] if url.startswith("https") else [])]
print(json.dumps({step.__name__: step() for step in steps}))
