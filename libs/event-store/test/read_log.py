#!/usr/bin/env python3
"""Reads an embedded event log with nothing but the standard library, proving every frame and record as it goes.

Written from README.md alone, as an auditor would. Prints one JSON object per event, then one with the totals.
Usage: read_log.py <directory>
"""
import hashlib
import json
import os
import struct
import sys
import uuid
import zlib

SEGMENT_HEAD, FRAME_HEAD, RECORD_HEAD = 64, 48, 68


def fail(file, offset, why):
    sys.exit(f"{file} at byte {offset}: {why}")


TRACE, PUB, IN_STREAM, FOLLOWS = 1, 2, 4, 8
# In the data the correlation, the principal, the time it occurred stand as 1, 2, 3.
MARKED = (64, 32, 16)


def event_of(record):
    version, flags, uid, revision, epoch, recorded, occurred = struct.unpack_from(">BB16sIIqq", record, 14)
    assert version == 1, "a newer event"
    lengths = struct.unpack_from(">6H", record, 56)
    at = RECORD_HEAD
    pub = 0
    if flags & PUB:
        (pub,) = struct.unpack_from(">I", record, at)
        at += 4

    def take(length):
        nonlocal at
        at += length
        return record[at - length : at]

    stream, kind = take(lengths[0]), take(lengths[1])
    if flags & IN_STREAM:
        correlation = stream[stream.find(b"-") + 1 :][: lengths[2]]
    else:
        correlation = take(lengths[2])
    causation = (correlation if flags & FOLLOWS else b"") + take(lengths[3])
    principal, trace = take(lengths[4]), take(lengths[5])
    data = record[at:]
    for flag, sign, said in zip(MARKED, (b"\3", b"\2", b"\1"), (str(occurred).encode(), principal, correlation)):
        if flags & flag:
            data = data.replace(sign, said)
    texts = [part.decode("utf-8") for part in (stream, kind, correlation, causation, principal, trace)]
    event = {
        "id": str(uuid.UUID(bytes=uid)), "stream": texts[0], "revision": revision, "type": texts[1], "epoch": epoch,
        "recordedAt": recorded, "occurredAt": occurred, "correlation": texts[2], "causation": texts[3],
        "principal": texts[4], "data": json.loads(data),
    }
    if flags & TRACE:
        event["trace"] = texts[5]
    if flags & PUB:
        event["pub"] = pub
    canonical = struct.pack(">BB16sIIIqq", 1, flags & (TRACE | PUB), uid, revision, pub, epoch, recorded, occurred)
    for part in (stream, kind, correlation, causation, principal, trace):
        canonical += struct.pack(">H", len(part)) + part
    canonical += struct.pack(">I", len(data)) + data
    event["leaf"] = hashlib.sha256(b"\0" + canonical).hexdigest()
    return event


def read_segment(path, name, chain, ends):
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"VOUCHLOG" or zlib.crc32(data[:60]) != struct.unpack_from(">I", data, 60)[0]:
        fail(name, 0, "bad segment head")
    base, size = struct.unpack_from(">QQ", data, 16)
    at = SEGMENT_HEAD
    while at + FRAME_HEAD <= len(data) and data[at : at + 4] != b"\0\0\0\0":
        magic, crc, length, epoch, offset, count, flags = struct.unpack_from(">IIIIQII", data, at)
        frame = data[at : at + length]
        if magic != 0xF8565346 or flags != 0 or offset != base + at or zlib.crc32(frame[8:]) != crc:
            fail(name, at, "bad frame")
        if frame[32:48] != chain:
            fail(name, at, "not the frame that follows the one before")
        chain = hashlib.sha256(frame).digest()[:16]
        record, seen = FRAME_HEAD, 0
        while record < length:
            size_of, crc = struct.unpack_from(">II", frame, record)
            body = frame[record : record + size_of]
            if zlib.crc32(body[8:]) != crc:
                fail(name, at + record, "bad record")
            previous = int.from_bytes(body[8:14], "big")
            event = event_of(body)
            position = base + at + record
            if ends.get(event["stream"], (-1, 0)) != (event["revision"] - 1, previous):
                fail(name, at + record, "a revision is missing")
            ends[event["stream"]] = (event["revision"], position)
            yield {"position": position, **event}
            record += size_of
            seen += 1
        if seen != count:
            fail(name, at, "wrong number of records")
        at += length
        yield {"end": base + at, "chain": chain.hex()}
    yield {"limit": base + size, "base": base}


def head_of(path):
    best = None
    with open(path, "rb") as file:
        data = file.read()
    for slot in (data[:64], data[4096:4160]):
        if slot[:4] == b"VHD1" and zlib.crc32(slot[:60]) == struct.unpack_from(">I", slot, 60)[0]:
            sequence, epoch, end = struct.unpack_from(">QI4xQ", slot, 8)
            if best is None or sequence > best[0]:
                best = (sequence, epoch, end, slot[32:48].hex())
    return best


def main(folder):
    chain, end, limit, events, ends = b"\0" * 16, 64, 0, 0, {}
    seen = {end: chain.hex()}
    for name in sorted(n for n in os.listdir(os.path.join(folder, "log")) if n.endswith(".seg")):
        for item in read_segment(os.path.join(folder, "log", name), f"log/{name}", chain, ends):
            if "position" in item:
                events += 1
                print(json.dumps(item, ensure_ascii=False))
            elif "chain" in item:
                chain, end = bytes.fromhex(item["chain"]), item["end"]
                seen[end] = item["chain"]
            elif item["base"] != limit or int(name[:16]) != limit:
                fail(f"log/{name}", 0, "a segment is missing before this one")
            else:
                limit = item["limit"]
    _, epoch, durable, link = head_of(os.path.join(folder, "head"))
    if seen.get(durable) != link:
        fail("head", 0, "the log is not the one that was durable")
    print(json.dumps({"events": events, "end": end, "hash": chain.hex(), "epoch": epoch}))


if __name__ == "__main__":
    main(sys.argv[1])
