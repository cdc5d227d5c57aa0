// Objects of the route family: what the changes write the decoders read, and
// unknown attributes are retained as they were received.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWNEXTHOP,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { formatAddress } from "../../../lib/net/ip_address.ts";
import type { UnknownAttribute } from "../../../lib/netlink/attribute.ts";
import { AttributeWriter } from "../../../lib/netlink/attribute_writer.ts";
import type { MessageReader } from "../../../lib/netlink/message.ts";
import { addAddress, decodeAddress } from "../../../lib/rtnetlink/address.ts";
import {
  type Change,
  NUMBERED,
} from "../../../lib/rtnetlink/changes/change.ts";
import {
  addNeighbour,
  decodeNeighbour,
} from "../../../lib/rtnetlink/neighbour.ts";
import { addRoute, decodeRoute } from "../../../lib/rtnetlink/route.ts";
import { addRule, decodeRule } from "../../../lib/rtnetlink/rule.ts";
import { decodeLink } from "../../../lib/rtnetlink/link/link.ts";
import { decodeNexthop } from "../../../lib/rtnetlink/nexthop.ts";
import { readCorpus } from "../../fuzz/corpus.ts";
import { type Bytes, message, reader } from "../../support/netlink.ts";

/** The one message of a change, as a decoder gets it. */
function encoded(change: Change): MessageReader {
  const [{ type, body }] = change.requests(NUMBERED);
  return reader(message(type, body));
}

/** An address of either family, never one with zeroes alone. */
const host = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
).map((bytes) => {
  // No multicast, no mapped address: those are other objects.
  bytes[0] = bytes[0] % 100 + 32;
  return { text: formatAddress(bytes), bits: bytes.length * 8 };
});
const ifindex = fc.integer({ min: 1, max: 0x7fffffff });
const optional = <T>(it: fc.Arbitrary<T>) => fc.option(it, { nil: undefined });
const byte = fc.nat(255);
const u32 = fc.integer({ min: 1, max: 0xfffffffe });

Deno.test("an address that is written is read", () => {
  fc.assert(
    fc.property(
      host,
      fc.double({ min: 0, max: 1, noNaN: true }),
      ifindex,
      optional(u32),
      optional(byte),
      fc.boolean(),
      (host, share, dev, metric, scope, maybe) => {
        // Only IPv6 looks for duplicates.
        const nodad = maybe && host.bits === 128;
        const prefix = Math.round(share * host.bits);
        const address = decodeAddress(encoded(addAddress({
          address: `${host.text}/${prefix}`,
          dev,
          metric,
          scope,
          nodad,
        })))!;
        const { family, prefixLength } = address;
        assertEquals(
          [address.address, family, prefixLength, address.ifindex],
          [host.text, host.bits === 32 ? "inet" : "inet6", prefix, dev],
        );
        assertEquals(address.metric, metric);
        if (scope !== undefined) assertEquals(address.scope, scope);
        assertEquals((address.flags & 2) !== 0, nodad);
        assertEquals(address.unknown, undefined);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("a neighbour that is written is read", () => {
  const hex = fc.uint8Array({ minLength: 6, maxLength: 6 })
    .map((bytes) => [...bytes].map((it) => it.toString(16).padStart(2, "0")));
  fc.assert(
    fc.property(host, ifindex, hex, fc.boolean(), (host, dev, hex, router) => {
      const lladdr = hex.join(":");
      const neighbour = decodeNeighbour(
        encoded(addNeighbour({ to: host.text, dev, lladdr, router })),
      )!;
      const { destination, linkAddress } = neighbour;
      assertEquals([destination, neighbour.ifindex, linkAddress], [
        host.text,
        dev,
        lladdr,
      ]);
      assertEquals((neighbour.flags & 0x80) !== 0, router);
      assertEquals(neighbour.unknown, undefined);
    }),
    { numRuns: 500 },
  );
});

Deno.test("a route that is written is read", () => {
  fc.assert(
    fc.property(
      host,
      ifindex,
      u32,
      optional(u32),
      fc.nat(),
      (host, dev, table, metric, pick) => {
        // A network has no bits behind its prefix: all of the host's count.
        const to = pick % 8 === 0 ? "default" : `${host.text}/${host.bits}`;
        const family = host.bits === 32 ? "inet" : "inet6";
        const route = decodeRoute(
          encoded(addRoute({ to, dev, table, metric, family })),
        )!;
        const default_ = to === "default";
        if (!default_) assertEquals(route.destination, host.text);
        assertEquals(route.prefixLength, default_ ? 0 : host.bits);
        assertEquals([route.family, route.ifindex, route.table], [
          family,
          dev,
          table,
        ]);
        assertEquals(route.metric, metric);
        assertEquals(route.unknown, undefined);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("a rule that is written is read", () => {
  fc.assert(
    fc.property(
      host,
      u32,
      u32,
      optional(byte),
      optional(fc.integer({ min: 1, max: 65535 })),
      fc.boolean(),
      (host, priority, table, ipproto, sport, not) => {
        const rule = decodeRule(encoded(addRule({
          from: `${host.text}/${host.bits}`,
          priority,
          table,
          ipproto,
          sport,
          not,
        })))!;
        assertEquals([rule.source, rule.sourceLength], [host.text, host.bits]);
        assertEquals([rule.priority, rule.table], [priority, table]);
        assertEquals(rule.ipProtocol, ipproto);
        const range = sport && { start: sport, end: sport };
        assertEquals(rule.sourcePorts, range);
        assertEquals((rule.flags & 2) !== 0, not);
        assertEquals(rule.unknown, undefined);
      },
    ),
    { numRuns: 500 },
  );
});

type Decoder = (it: MessageReader) => { unknown?: UnknownAttribute[] };

const DECODERS: Readonly<Record<number, Decoder>> = {
  [RTM_NEWADDR]: (it) => decodeAddress(it)!,
  [RTM_NEWROUTE]: (it) => decodeRoute(it)!,
  [RTM_NEWNEIGH]: (it) => decodeNeighbour(it)!,
  [RTM_NEWRULE]: (it) => decodeRule(it)!,
  [RTM_NEWNEXTHOP]: (it) => decodeNexthop(it)!,
};

const strange = fc.array(
  fc.record({
    type: fc.integer({ min: 1000, max: 0x3fff }),
    value: fc.uint8Array({ maxLength: 40 }),
  }),
  { minLength: 1, maxLength: 4 },
);

/** A message with attributes behind its own. */
function longer(bytes: Bytes, more: { type: number; value: Uint8Array }[]) {
  const writer = new AttributeWriter().raw(bytes.subarray(16));
  for (const { type, value } of more) writer.bytes(type, value);
  const { type } = reader(bytes);
  return message(type, writer.finish());
}

/** What an object says; a field that is undefined says nothing. */
function said(object: object) {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  );
}

Deno.test("unknown attributes are retained, and change nothing else", () => {
  const messages = readCorpus("route");
  const decoded = new Set<number>();
  fc.assert(
    fc.property(fc.constantFrom(...messages), strange, (bytes, more) => {
      const { type } = reader(bytes);
      const extended = longer(bytes, more);
      decoded.add(type);
      if (type === RTM_NEWLINK) {
        const link = decodeLink(reader(extended))!;
        assertEquals(link.message.toHex(), extended.toHex());
        assertEquals({ ...link }, { ...decodeLink(reader(bytes))! });
        return;
      }
      const decode = DECODERS[type];
      const { unknown: before = [], ...plain } = decode(reader(bytes));
      const { unknown, ...same } = decode(reader(extended));
      assertEquals(said(same), said(plain));
      assertEquals(unknown, [
        ...before,
        ...more.map(({ type, value }) => ({
          type,
          value: new Uint8Array(value),
        })),
      ]);
    }),
    { numRuns: 1000 },
  );
  assert(decoded.size === 6, `${[...decoded]}`);
});
