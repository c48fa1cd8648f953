#!/usr/bin/env python3
"""Reads an embedded event log with nothing but the standard library, proving every frame and leaf as it goes.

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

SEGMENT_HEAD, FRAME_HEAD, RECORD_HEAD = 64, 48, 45


def fail(file, offset, why):
    sys.exit(f"{file} at byte {offset}: {why}")


def texts(data, at, count):
    out = []
    for _ in range(count):
        (length,) = struct.unpack_from(">H", data, at)
        out.append(data[at + 2 : at + 2 + length].decode("utf-8"))
        at += 2 + length
    return out, at


def event_of(canonical):
    version, flags, uid, revision, pub, epoch, recorded, occurred = struct.unpack_from(">BB16sIIIqq", canonical)
    assert version == 1, "a newer event"
    (stream, kind, correlation, causation, principal, trace), at = texts(canonical, 46, 6)
    (length,) = struct.unpack_from(">I", canonical, at)
    assert at + 4 + length == len(canonical)
    event = {
        "id": str(uuid.UUID(bytes=uid)), "stream": stream, "revision": revision, "type": kind, "epoch": epoch,
        "recordedAt": recorded, "occurredAt": occurred, "correlation": correlation, "causation": causation,
        "principal": principal, "data": json.loads(canonical[at + 4 :]),
    }
    if flags & 1:
        event["trace"] = trace
    if flags & 2:
        event["pub"] = pub
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
            size_of, previous = struct.unpack_from(">IQ", frame, record)
            leaf, body = frame[record + 12 : record + 44], frame[record + 44 : record + size_of]
            if hashlib.sha256(body).digest() != leaf:
                fail(name, at + record, "bad leaf")
            event = event_of(body[1:])
            position = base + at + record
            if ends.get(event["stream"], (-1, 0)) != (event["revision"] - 1, previous):
                fail(name, at + record, "a revision is missing")
            ends[event["stream"]] = (event["revision"], position)
            yield {"position": position, "leaf": leaf.hex(), **event}
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
