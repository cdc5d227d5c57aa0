// The walks over messages and attributes against C's own macros, on what a
// kernel sends and on invalid input.

import { assert, assertEquals } from "@std/assert";
import { AttributeReader } from "../../../lib/netlink/attribute.ts";
import { noCounts } from "../../../lib/netlink/counters.ts";
import { NetlinkBuffer } from "../../../lib/netlink/buffer.ts";
import { MessageReader } from "../../../lib/netlink/message.ts";
import { compileC } from "../../support/c.ts";
import { output } from "../../support/netns.ts";
import { random } from "../../support/random.ts";

// One datagram a line, in hex; out: each message, then its attributes.
const WALKER = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
static char line[1 << 20];
static unsigned char data[1 << 18] __attribute__((aligned(8)));
int main(void) {
  while (fgets(line, sizeof line, stdin)) {
    int n = 0;
    for (char *p = line; p[0] > ' ' && p[1] > ' '; p += 2) {
      unsigned byte; sscanf(p, "%2x", &byte); data[n++] = byte;
    }
    struct nlmsghdr *h = (void *)data;
    for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
      printf("m%u,%u,%u,%u,%u ", h->nlmsg_len, h->nlmsg_type, h->nlmsg_flags,
             h->nlmsg_seq, h->nlmsg_pid);
      struct rtattr *a = NLMSG_DATA(h);
      int left = h->nlmsg_len - NLMSG_HDRLEN;
      for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
        printf("a%u,%u ", a->rta_len, a->rta_type & 0x3fff);
    }
    printf("\\n");
  }
}`;

/** The same walk by ours. */
function walk(datagram: Uint8Array<ArrayBuffer>): string {
  const message = new MessageReader(NetlinkBuffer.of(datagram));
  message.reset(0, datagram.length);
  let text = "";
  while (message.next()) {
    const { end, start, type, flags, sequence, port } = message;
    text += `m${end - start},${type},${flags},${sequence},${port} `;
    const attributes = message.attributes(0);
    while (attributes.next()) {
      text += `a${attributes.length + 4},${attributes.type} `;
    }
  }
  return text;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** Messages and attributes that are mostly right, with lengths that are not. */
function datagram(below: (n: number) => number): Uint8Array<ArrayBuffer> {
  const size = below(400);
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = below(256);
  const view = new DataView(bytes.buffer);
  const odd = [0, 1, 3, 4, 5, 15, 16, 17, 20, 65535, 0x7fffffff, 0xffffffff];
  for (let at = 0; at + 16 <= size;) {
    const rest = size - at;
    const length = below(8) === 0
      ? odd[below(odd.length)]
      : Math.min(rest + below(2), 16 + below(80));
    view.setUint32(at, length, true);
    for (let inner = at + 16; inner + 4 <= Math.min(at + length, size);) {
      const one = below(10) === 0
        ? odd[below(odd.length)] & 0xffff
        : 4 + below(12);
      view.setUint16(inner, one, true);
      inner += Math.max(4, (one + 3) & ~3);
    }
    at += Math.max(16, (Math.min(length, size) + 3) & ~3);
  }
  return bytes;
}

Deno.test("messages and attributes are walked as C's macros do, hostile ones too", async () => {
  await using program = await compileC(WALKER);
  const below = random(20260801);
  const datagrams = Array.from({ length: 5000 }, () => datagram(below));
  const { stdout } = await output(program.path, [], {
    stdin: datagrams.map(hex).join("\n") + "\n",
  });
  const theirs = stdout.split("\n");
  assert(stdout.includes("a") && stdout.includes("m"));
  datagrams.forEach((bytes, index) =>
    assertEquals(walk(bytes), theirs[index], hex(bytes))
  );
});

for (const length of [0, 1, 15, 17, 0x7fffffff, 0xffffffff]) {
  Deno.test(`a message length of ${length} ends the walk and is counted`, () => {
    const buffer = new NetlinkBuffer(16);
    buffer.view.setUint32(0, length, true);
    const counters = noCounts();
    const message = new MessageReader(buffer, counters);
    message.reset(0, 16);
    assertEquals(message.next(), false);
    assertEquals(message.next(), false);
    assertEquals(counters.malformed, 1);
  });
}

for (const length of [0, 1, 3, 9, 65535]) {
  Deno.test(`an attribute length of ${length} ends the walk and is counted`, () => {
    const buffer = new NetlinkBuffer(8);
    buffer.view.setUint16(0, length, true);
    const counters = noCounts();
    const attributes = new AttributeReader(buffer, counters);
    attributes.reset(0, 8);
    assertEquals(attributes.next(), false);
    assertEquals(counters.malformed, 1);
  });
}

Deno.test("values are never read past the end of their attribute", () => {
  // A neighbour of 0xff bytes that must not show in any value.
  const buffer = new NetlinkBuffer(new Uint8Array(64).fill(0xff).buffer);
  for (let size = 0; size < 8; size++) {
    buffer.view.setUint16(0, 4 + size, true);
    const counters = noCounts();
    const attributes = new AttributeReader(buffer, counters);
    attributes.reset(0, 4 + size);
    assert(attributes.next());
    assertEquals(attributes.u8() !== 0, size >= 1);
    assertEquals(attributes.u16() !== 0, size >= 2);
    assertEquals(attributes.be16() !== 0, size >= 2);
    assertEquals(attributes.u32() !== 0, size >= 4);
    assertEquals(attributes.be32() !== 0, size >= 4);
    assertEquals(attributes.i32() !== 0, size >= 4);
    assertEquals(attributes.u64(), 0);
    assertEquals(attributes.be64(), 0n);
    assertEquals(attributes.copy().length, size);
    assertEquals(attributes.enter(16).next(), false);
    assert(counters.malformed > 0);
  }
});

Deno.test("a 64-bit value is exact, and may lie on a 4-byte boundary", () => {
  const buffer = new NetlinkBuffer(16);
  buffer.view.setUint16(0, 12, true);
  buffer.view.setBigUint64(4, 0x1f_ffff_ffff_fffen, true);
  const attributes = new AttributeReader(buffer, noCounts());
  attributes.reset(0, 12);
  assert(attributes.next());
  assertEquals(attributes.u64(), Number.MAX_SAFE_INTEGER - 1);
});

Deno.test("strings end at a NUL or with the attribute, in UTF-8", () => {
  const text = (bytes: Uint8Array) => {
    const buffer = new NetlinkBuffer(64);
    buffer.view.setUint16(0, 4 + bytes.length, true);
    buffer.bytes.set(bytes, 4);
    const attributes = new AttributeReader(buffer, noCounts());
    attributes.reset(0, 4 + bytes.length);
    assert(attributes.next());
    return attributes.string();
  };
  const encoder = new TextEncoder();
  assertEquals(text(encoder.encode("eth0\0junk")), "eth0");
  assertEquals(text(encoder.encode("eth0")), "eth0");
  assertEquals(text(encoder.encode("")), "");
  assertEquals(text(encoder.encode("zürich\0")), "zürich");
  assertEquals(text(encoder.encode("a".repeat(40))), "a".repeat(40));
});
