// Attributes of any kind and depth are read back as they were written, and what
// a kernel sent is written again byte for byte.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { NLA_F_NESTED, NLMSG_HDRLEN } from "../../../ffi/uapi/linux_netlink.ts";
import type { AttributeReader } from "../../../lib/netlink/attribute.ts";
import { AttributeWriter } from "../../../lib/netlink/attribute_writer.ts";
import { readCorpus } from "../../fuzz/corpus.ts";
import { message, reader } from "../../support/netlink.ts";

/** A value, how it is written and how it is read. */
interface Kind<T = unknown> {
  readonly values: fc.Arbitrary<T>;
  write(writer: AttributeWriter, type: number, value: T): void;
  read(reader: AttributeReader): T;
}

const kind = <T>(
  values: fc.Arbitrary<T>,
  write: Kind<T>["write"],
  read: Kind<T>["read"],
) => ({ values, write, read }) as Kind;

const whole = (bits: number) => fc.nat(2 ** bits - 1);
const u32 = fc.integer({ min: 0, max: 0xffffffff });
// A string ends at a NUL.
const text = fc.string({ unit: "grapheme" }).map((it) => it.replace(/\0/g, ""));

const KINDS: readonly Kind[] = [
  kind(whole(8), (w, t, v) => w.u8(t, v), (r) => r.u8()),
  kind(whole(16), (w, t, v) => w.u16(t, v), (r) => r.u16()),
  kind(whole(16), (w, t, v) => w.be16(t, v), (r) => r.be16()),
  kind(u32, (w, t, v) => w.u32(t, v), (r) => r.u32()),
  kind(u32, (w, t, v) => w.be32(t, v), (r) => r.be32()),
  kind(fc.integer(), (w, t, v) => w.i32(t, v), (r) => r.i32()),
  kind(fc.maxSafeNat(), (w, t, v) => w.u64(t, v), (r) => r.u64()),
  kind(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    (w, t, v) => w.be64(t, v),
    (r) => r.be64(),
  ),
  kind(text, (w, t, v) => w.string(t, v), (r) => r.string()),
  kind(text, (w, t, v) => w.text(t, v), (r) => r.string()),
  kind(
    fc.uint8Array({ maxLength: 300 }),
    (w, t, v) => w.bytes(t, v),
    (r) => r.copy(),
  ),
];

interface Leaf {
  readonly type: number;
  readonly kind: Kind;
  readonly value: unknown;
}
interface Nest {
  readonly type: number;
  readonly inner: readonly Node[];
}
type Node = Leaf | Nest;

const type = fc.integer({ min: 0, max: 0x3fff });
const { nodes } = fc.letrec<{ nodes: Node[]; node: Node }>((tie) => ({
  nodes: fc.array(tie("node"), { maxLength: 5 }),
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.nat(KINDS.length - 1).chain((index) =>
      fc.record({
        type,
        kind: fc.constant(KINDS[index]),
        value: KINDS[index].values,
      })
    ),
    fc.record({ type, inner: tie("nodes") }),
  ),
}));

function write(writer: AttributeWriter, nodes: readonly Node[]): void {
  for (const node of nodes) {
    if ("inner" in node) {
      writer.nest(node.type, (inner) => write(inner, node.inner));
    } else node.kind.write(writer, node.type, node.value);
  }
}

function check(attributes: AttributeReader, nodes: readonly Node[]): void {
  for (const node of nodes) {
    assert(attributes.next());
    assertEquals(attributes.type, node.type);
    if ("inner" in node) {
      assert(attributes.nested);
      check(attributes.enter(), node.inner);
    } else assertEquals(node.kind.read(attributes), node.value);
  }
  assert(!attributes.next());
}

Deno.test("attributes: what is written is read, nested as it was", () => {
  fc.assert(
    fc.property(nodes, fc.nat(4), (nodes, words) => {
      const writer = new AttributeWriter().raw(new Uint8Array(4 * words));
      write(writer, nodes);
      const it = reader(message(16, writer.finish()));
      check(it.attributes(4 * words), nodes);
    }),
    { numRuns: 1000 },
  );
});

/** The attributes of a level, written again: nested ones from what is inside. */
function again(writer: AttributeWriter, attributes: AttributeReader): void {
  while (attributes.next()) {
    if (attributes.nested) {
      writer.nest(
        attributes.type,
        (inner) => again(inner, attributes.enter()),
      );
    } else writer.bytes(attributes.type, attributes.copy());
  }
}

/** Bytes of the struct in front of the attributes, by the type of message. */
const HEADERS: Readonly<Record<number, number>> = {
  16: 16, // ifinfomsg
  20: 8, // ifaddrmsg
  24: 12, // rtmsg
  28: 12, // ndmsg
  32: 12, // fib_rule_hdr
  104: 8, // nhmsg
};

Deno.test("attributes: what a kernel sent is written again byte for byte", () => {
  const messages = readCorpus("route");
  assert(messages.length > 40);
  let nested = 0;
  for (const bytes of messages) {
    const it = reader(bytes);
    const header = HEADERS[it.type];
    const at = NLMSG_HDRLEN + header;
    const writer = new AttributeWriter()
      .raw(bytes.subarray(NLMSG_HDRLEN, at));
    again(writer, it.attributes(header));
    const written = writer.finish();
    const sent = bytes.subarray(NLMSG_HDRLEN);
    // A message may end without the padding of its last attribute.
    assertEquals(written.subarray(0, sent.length).toHex(), sent.toHex());
    const flags = new DataView(bytes.buffer, bytes.byteOffset);
    for (let word = at; word + 4 <= bytes.length; word += 4) {
      if (flags.getUint16(word + 2, true) & NLA_F_NESTED) nested++;
    }
  }
  assert(nested > 0, "none of them has nested attributes");
});
