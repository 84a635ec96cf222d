# SPDX-License-Identifier: Apache-2.0
"""What a Prometheus that takes remote writes wants to hear: samples and native histograms of times that have passed.
Protocol: prometheus.io/docs/concepts/remote_write_spec, messages as in Prometheus' prompb/types.proto."""
import math
import struct
import urllib.request


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def zigzag(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def field(number, value):
    """A member by its type: bytes with their length, floats as fixed64, integers as varints."""
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def histogram(counts, total, at, schema=3):
    """A native histogram. `counts`: {observed value: how often}; bucket i ends at 2^(i / 2^schema)."""
    buckets = {}
    for value, count in counts.items():
        index = math.ceil(math.log2(value) * 2**schema)
        buckets[index] = buckets.get(index, 0) + count
    spans, deltas, expected, last = b"", b"", 0, 0
    for index, count in sorted(buckets.items()):
        spans += field(11, varint(1 << 3) + zigzag(index - expected) + field(2, 1))
        deltas += zigzag(count - last)
        expected, last = index + 1, count
    return (field(1, sum(buckets.values())) + field(3, float(total)) + varint(4 << 3) + zigzag(schema) + field(5, 2.0**-30)
            + field(6, 0) + spans + field(12, deltas) + field(15, at))


def series(labels, histogram_message):
    names = b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in sorted(labels.items()))
    return field(1, names + field(4, histogram_message))


def snappy(data):
    """The block format with nothing but literals."""
    out = varint(len(data))
    for begin in range(0, len(data), 65536):
        piece = data[begin:begin + 65536]
        out += bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece
    return out


def send(port, many):
    """One request with these series; raises on a refusal."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/write", data=snappy(b"".join(many)), method="POST",
        headers={"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf",
                 "X-Prometheus-Remote-Write-Version": "0.1.0"})
    with urllib.request.urlopen(request, timeout=20):
        pass
