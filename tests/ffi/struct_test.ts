// The struct builder against the C compiler: C reads what it built and it reads
// what C filled.

import { assertEquals, assertThrows } from "@std/assert";
import {
  be16,
  be32,
  bytes,
  cstring,
  i16,
  i32,
  i64,
  overlay,
  struct,
  u16,
  u32,
  u64,
  u8,
} from "../../ffi/struct.ts";
import { runC } from "../support/c.ts";

const inner = struct("struct inner", { a: u8, b: u16 });
const outer = struct("struct outer", {
  small: u8,
  wide: u64,
  in: inner,
  name: cstring(7),
  signed: i16,
  raw: bytes(3),
  whole: i32,
  deep: i64,
  port: be16,
  group: be32,
  // union { uint32_t word; uint8_t byte[4]; } u;
  word: u32,
  byte: overlay(56, bytes(4)),
  last: u8,
});

const C = `
  #include <arpa/inet.h>
  #include <stddef.h>
  #include <stdint.h>
  #include <stdio.h>
  #include <string.h>
  struct inner { uint8_t a; uint16_t b; };
  struct outer {
    uint8_t small; uint64_t wide; struct inner in; char name[7];
    int16_t signed_; unsigned char raw[3]; int32_t whole; int64_t deep;
    uint16_t port; uint32_t group;
    union { uint32_t word; uint8_t byte[4]; } u;
    uint8_t last;
  };`;

const VALUES = {
  small: 200,
  wide: 0x1122334455667788n,
  in: { a: 255, b: 65535 },
  name: "veth-1",
  signed: -2,
  raw: new Uint8Array([1, 2, 3]),
  whole: -2147483648,
  deep: -9223372036854775808n,
  port: 53,
  group: 0xe00000fb,
  word: 0xfffefdfc,
  last: 7,
};

Deno.test("struct: fields, nesting and padding lie where the C compiler puts them", async () => {
  const members: Record<string, string> = {
    signed: "signed_",
    word: "u.word",
    byte: "u.byte",
  };
  const keys = Object.keys(outer.fields) as (keyof typeof outer.fields)[];
  const printed = await runC(
    "offsets",
    `${C}
    int main(void) {
      ${
      keys.map((key) =>
        `printf("%zu\\n", offsetof(struct outer, ${members[key] ?? key}));`
      ).join("\n")
    }
      printf("%zu %zu %zu\\n", sizeof(struct outer), sizeof(struct inner),
        _Alignof(struct outer));
    }`,
  );
  assertEquals(printed.trim().split("\n"), [
    ...keys.map((key) => String(outer.fields[key].offset)),
    `${outer.size} ${inner.size} ${outer.align}`,
  ]);
});

Deno.test("struct: C reads what was built", async () => {
  const built = outer.build(VALUES);
  const printed = await runC(
    "reads",
    `${C}
    int main(int argc, char **argv) {
      struct outer o;
      for (size_t i = 0; i < sizeof o; i++)
        sscanf(argv[1] + 2 * i, "%2hhx", (unsigned char *)&o + i);
      printf("%u %lx %u %u %s %d %u%u%u %d %ld %u %x %x %u%u%u%u %u\\n",
        o.small, o.wide, o.in.a, o.in.b, o.name, o.signed_, o.raw[0],
        o.raw[1], o.raw[2], o.whole, o.deep, ntohs(o.port), ntohl(o.group),
        o.u.word, o.u.byte[0], o.u.byte[1], o.u.byte[2], o.u.byte[3], o.last);
    }`,
    [built.toHex()],
  );
  assertEquals(
    printed.trim(),
    "200 1122334455667788 255 65535 veth-1 -2 123 -2147483648 " +
      "-9223372036854775808 53 e00000fb fffefdfc 252253254255 7",
  );
});

Deno.test("struct: what C filled is read back, at any offset", async () => {
  const printed = await runC(
    "fills",
    `${C}
    int main(void) {
      struct outer o;
      memset(&o, 0xaa, sizeof o);
      o.small = 200; o.wide = 0x1122334455667788; o.in.a = 255;
      o.in.b = 65535; memset(o.name, 0, 7); strcpy(o.name, "veth-1");
      o.signed_ = -2; o.raw[0] = 1; o.raw[1] = 2; o.raw[2] = 3;
      o.whole = -2147483647 - 1; o.deep = -9223372036854775807 - 1;
      o.port = htons(53); o.group = htonl(0xe00000fb);
      o.u.word = 0xfffefdfc; o.last = 7;
      for (size_t i = 0; i < sizeof o; i++)
        printf("%02x", ((unsigned char *)&o)[i]);
    }`,
  );
  const filled = Uint8Array.fromHex("ff".repeat(8) + printed);
  const read = outer.get(new DataView(filled.buffer), 8);
  assertEquals(read, {
    ...VALUES,
    byte: new Uint8Array([252, 253, 254, 255]),
  });
});

Deno.test("struct: an overlay shares its bytes with what it lies over", () => {
  const view = new DataView(new ArrayBuffer(outer.size));
  outer.assign(view, 0, { word: 0x04030201 });
  assertEquals(outer.fields.byte.get(view, 0), new Uint8Array([1, 2, 3, 4]));
  outer.assign(view, 0, { byte: new Uint8Array([9, 0, 0, 0]) });
  assertEquals(outer.fields.word.get(view, 0), 9);
});

Deno.test("struct: assign leaves the other fields, build zeroes them", () => {
  const view = new DataView(new ArrayBuffer(inner.size));
  inner.assign(view, 0, { a: 1, b: 2 });
  inner.assign(view, 0, { b: 3, a: undefined });
  assertEquals(inner.get(view, 0), { a: 1, b: 3 });
  assertEquals(inner.build({ b: 3 }), new Uint8Array([0, 0, 3, 0]));
});

Deno.test("struct: a stated size pads, and never cuts", () => {
  assertEquals(struct("padded", { a: u8, b: u32 }, 13).size, 16);
  assertEquals(struct("longer", { a: u64, b: u64 }, 4).size, 16);
  assertEquals(struct("empty", {}).size, 0);
});

Deno.test("struct: a string is cut at its NUL and never longer than its field", () => {
  const field = cstring(4);
  const view = new DataView(new ArrayBuffer(6));
  const whole = new Uint8Array(view.buffer);
  whole.fill(0xff);

  field.set(view, 1, "abc");
  assertEquals([...whole], [0xff, 97, 98, 99, 0, 0xff]);
  // What was there before does not shine through a shorter one.
  field.set(view, 1, "a");
  assertEquals([...whole], [0xff, 97, 0, 0, 0, 0xff]);
  assertEquals(field.get(view, 1), "a");

  // Four bytes leave no space for the NUL, three characters may be four bytes.
  for (const long of ["abcd", "abcde", "ää", "aöö"]) {
    assertThrows(() => field.set(view, 1, long), RangeError, "longer than 3");
  }
  assertEquals([...whole], [0xff, 97, 0, 0, 0, 0xff]);

  // The kernel may fill such a field to its last byte.
  whole.set([97, 98, 99, 100], 1);
  assertEquals(field.get(view, 1), "abcd");
});

Deno.test("struct: bytes that do not fit are refused, short ones padded with zeroes", () => {
  const field = bytes(3);
  const view = new DataView(new ArrayBuffer(4));
  const whole = new Uint8Array(view.buffer);
  whole.fill(0xff);
  assertThrows(() => field.set(view, 0, new Uint8Array(4)), RangeError);
  assertEquals([...whole], [0xff, 0xff, 0xff, 0xff]);
  field.set(view, 0, new Uint8Array([5]));
  assertEquals([...whole], [5, 0, 0, 0xff]);
  // What is read is a view, so that no copy is made where none is needed.
  field.get(view, 0)[1] = 6;
  assertEquals(whole[1], 6);
});
