// What the writer builds is what the reader reads, and what `ip` sends.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { AttributeReader } from "../../../lib/netlink/attribute.ts";
import { AttributeWriter } from "../../../lib/netlink/attribute_writer.ts";
import { noCounts } from "../../../lib/netlink/counters.ts";
import { NetlinkBuffer } from "../../../lib/netlink/buffer.ts";

function read(body: Uint8Array<ArrayBuffer>): AttributeReader {
  const reader = new AttributeReader(NetlinkBuffer.of(body), noCounts());
  reader.reset(0, body.length);
  return reader;
}

Deno.test("every kind of value is read back as it was written", () => {
  const reader = read(
    new AttributeWriter()
      .u8(1, 0xfe).u16(2, 0xfedc).be16(3, 0xfedc).u32(4, 0xfedcba98)
      .be32(5, 0xfedcba98).i32(6, -2).u64(7, 2n ** 53n - 1n)
      .be64(8, 0xfedcba9876543210n).string(9, "veth0").text(10, "veth")
      .flag(11).bytes(12, new Uint8Array([1, 2, 3]))
      .finish(),
  );
  const next = () => assert(reader.next());
  next();
  assertEquals(reader.u8(), 0xfe);
  next();
  assertEquals(reader.u16(), 0xfedc);
  next();
  assertEquals(reader.be16(), 0xfedc);
  next();
  assertEquals(reader.u32(), 0xfedcba98);
  next();
  assertEquals(reader.be32(), 0xfedcba98);
  next();
  assertEquals(reader.i32(), -2);
  next();
  assertEquals(reader.u64(), Number.MAX_SAFE_INTEGER);
  next();
  assertEquals(reader.be64(), 0xfedcba9876543210n);
  next();
  assertEquals([reader.string(), reader.length], ["veth0", 6]);
  next();
  assertEquals([reader.string(), reader.length], ["veth", 4]);
  next();
  assertEquals([reader.type, reader.length], [11, 0]);
  next();
  assertEquals(reader.copy(), new Uint8Array([1, 2, 3]));
  assertEquals(reader.next(), false);
});

Deno.test("nested attributes carry NLA_F_NESTED and the length of what they hold", () => {
  const body = new AttributeWriter()
    .nest(18, (info) => {
      info.text(1, "veth").nest(2, (data) => data.u8(1, 7), true);
    })
    .u32(4, 1500)
    .finish();
  // IFLA_LINKINFO { IFLA_INFO_KIND "veth", IFLA_INFO_DATA { 1: 7 } }, IFLA_MTU
  assertEquals(
    body,
    Uint8Array.of(
      ...[24, 0, 0x12, 0x80],
      ...[8, 0, 1, 0, 0x76, 0x65, 0x74, 0x68],
      ...[12, 0, 2, 0, 5, 0, 1, 0, 7, 0, 0, 0],
      ...[8, 0, 4, 0, 0xdc, 5, 0, 0],
    ),
  );
});

Deno.test("the buffer grows, and an attribute too long for its length is refused", () => {
  const body = new AttributeWriter();
  for (let i = 0; i < 1000; i++) body.bytes(i, new Uint8Array(100).fill(i));
  const reader = read(body.finish());
  for (let i = 0; i < 1000; i++) {
    assert(reader.next());
    assertEquals(reader.type, i);
    assertEquals(reader.copy(), new Uint8Array(100).fill(i));
  }
  assertThrows(
    () => new AttributeWriter().bytes(1, new Uint8Array(65532)),
    RangeError,
    "65536 bytes long",
  );
  assertThrows(
    () =>
      new AttributeWriter().nest(
        1,
        (inner) => inner.bytes(1, new Uint8Array(65531)),
      ),
    RangeError,
  );
});
