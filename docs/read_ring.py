#!/usr/bin/env python3
"""read_ring.py FILE: prints what a ring file holds, alive or dead; what is missing is told on stderr.

Written from FORMAT.md alone. It reads the file once, front to back, and treats what it has as a copy: REACH counts.
The text is as it was logged: do not trust it on a terminal.
"""
import struct
import sys


def payloads(image, tell):
    number = lambda at, size=8: int.from_bytes(image[at:at + size], "little")
    crc = 0xFFFFFFFF
    for bit in range(4092 * 8):
        crc ^= (number(bit // 8, 1) >> bit % 8) & 1
        crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    count, length, capacity, blocks = number(0x1FC, 4), number(0x28), number(0x30), number(0x38, 4)
    table = [(number(at, 4), number(at + 4, 4) & 1, number(at + 8)) for at in range(0x200, 0x200 + 32 * min(count, 32), 32)]
    live, index, data, reach = (max((at for kind, _, at in table if kind == wanted), default=0) for wanted in (1, 2, 4, 5))
    for is_so, why in (
        (number(0) != 0x0A0D474E49524389, "not a ring file"),
        (number(8, 2) != 1, f"version {number(8, 2)}: take a newer reader"),
        (number(0xFFC, 4) != crc ^ 0xFFFFFFFF, "IDENTITY is damaged"),
        (number(0x10) or any(must and not 1 <= kind <= 5 for kind, must, _ in table), "newer features: take a newer reader"),
        (not 4096 <= live < index < data < reach or number(0x3C, 4) != 64, "the sections are not where they can be"),
        (not 4096 <= capacity <= 1 << 40 or not 1 <= blocks <= 256 or capacity % (8 * blocks), "impossible sizes"),
    ):
        if is_so:
            raise ValueError(why)
    if len(image) < length:
        tell(f"cut off after {len(image)} of {length} bytes; if a running program was copied, records may be mixed up")
    committed, end, ring = number(live), max(number(live), number(live + 8), number(reach)), image[data:data + capacity]
    entries = []
    for block in range(blocks):
        place, seq, payload, guard = (number(index + 64 * block + at) for at in (0, 8, 16, 56))
        is_here = block - place % capacity // (capacity // blocks) in (0, 1, 1 - blocks)
        is_intact = guard == place and place % 8 == 0 and place < committed and end <= place + capacity
        if is_here and is_intact and seq <= place and payload <= place:
            entries.append((place, seq, payload))
    position, seq, total = -1, 0, 0
    for entry in sorted(entries):
        if entry[0] > position:
            if entry[1] > seq:
                tell(f"{entry[1] - seq} records are missing from {seq} on, {max(entry[2] - total, 0)} bytes")
            position, seq, total = entry
            while position < committed:
                at = position % capacity
                header = int.from_bytes(ring[at:at + 8], "little")
                payload, target = header & 0xFFFFFFFF, header >> 32 & 0xFF
                size = 16 + (payload + target + 7) // 8 * 8
                record = ring[at:at + size] + ring[:max(at + size - capacity, 0)]
                is_numbered = header >> 62 == 0 and header >> 45 & 0xFFFF == seq & 0xFFFF
                is_whole = len(record) == size <= min(capacity, committed - position)
                if not (payload and header >> 40 & 7 <= 5 and is_numbered and is_whole):
                    break
                yield record[16:16 + payload]
                position, seq, total = position + size, seq + 1, total + payload
    if max(position, 0) < committed:
        tell(f"records are missing from {seq} on, {committed - max(position, 0)} bytes of DATA: nobody knows how many")


if __name__ == "__main__":
    try:
        with open(sys.argv[1], "rb", buffering=0) as file:
            for payload in payloads(file.read(), lambda text: print(f"read_ring: {text}", file=sys.stderr)):
                sys.stdout.buffer.write(payload)
    except (IndexError, OSError, ValueError) as error:
        sys.exit(f"read_ring: {error}" if len(sys.argv) == 2 else __doc__)
