// The offload header of any content comes out as it went in, at any place and of
// either size, as struct virtio_net_hdr has it.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { virtio_net_hdr } from "../../../ffi/uapi/linux_virtio_net.ts";
import { OffloadHeader } from "../../../lib/tun/offload_header.ts";

const SIZE = virtio_net_hdr.size;

Deno.test("an offload header that is read and written is the same, and nothing around it changes", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 40, maxLength: 40 }),
      fc.uint8Array({ minLength: 40, maxLength: 40 }),
      fc.nat(40 - 12),
      fc.nat(40 - 12),
      fc.constantFrom(10, 12),
      (from, into, at, to, length) => {
        const header = new OffloadHeader();
        header.read(from, at);
        const written = into.slice();
        header.write(written, to, length);
        const expected = into.slice();
        expected.set(from.subarray(at, at + SIZE), to);
        expected.fill(0, to + SIZE, to + length);
        assertEquals(written, expected);
      },
    ),
  );
});

Deno.test("an offload header says what the struct says", () => {
  const u16 = fc.nat(65535);
  fc.assert(
    fc.property(
      fc.nat(255),
      fc.nat(255),
      u16,
      u16,
      u16,
      u16,
      (flags, gso_type, hdr_len, gso_size, csum_start, csum_offset) => {
        const fields = {
          ...{ flags, gso_type, hdr_len, gso_size, csum_start, csum_offset },
        };
        const header = new OffloadHeader();
        header.read(virtio_net_hdr.build(fields), 0);
        assertEquals(
          [
            header.flags,
            header.type,
            header.headerLength,
            header.segmentSize,
            header.checksumStart,
            header.checksumOffset,
          ],
          [flags, gso_type, hdr_len, gso_size, csum_start, csum_offset],
        );
        const bytes = new Uint8Array(SIZE);
        header.write(bytes, 0);
        assertEquals(
          { ...virtio_net_hdr.get(new DataView(bytes.buffer), 0) },
          fields,
        );
      },
    ),
  );
});
