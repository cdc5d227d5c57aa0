// Addresses added, replaced and deleted: the messages beside those of `ip`, and
// what comes of them.

import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../../lib/errors.ts";
import {
  addAddress,
  ADDRESS,
  type AddressSpec,
  deleteAddress,
  replaceAddress,
} from "../../../../lib/rtnetlink/address.ts";
import { ipAddress } from "../../../../lib/iproute2/address.ts";
import { Network } from "../../../../lib/rtnetlink/network.ts";
import { Lab } from "../../../support/netns.ts";
import { Beside } from "../../../support/beside.ts";
import { assertAllTried } from "../../../support/tried.ts";

const BUILD = {
  add: addAddress,
  replace: replaceAddress,
  delete: deleteAddress,
};

type Case = [
  verb: keyof typeof BUILD,
  words: string,
  spec: Omit<AddressSpec, "dev">,
];

const CASES: Case[] = [
  ["add", "192.0.2.1/24", { address: "192.0.2.1/24" }],
  ["add", "192.0.2.1/24", { address: "192.0.2.1/24" }],
  ["add", "192.0.2.9", { address: "192.0.2.9" }],
  ["add", "192.0.2.2/24 brd +", { address: "192.0.2.2/24", broadcast: "+" }],
  ["add", "10.0.0.1/13 brd -", { address: "10.0.0.1/13", broadcast: "-" }],
  ["add", "10.9.0.1/31 brd +", { address: "10.9.0.1/31", broadcast: "+" }],
  ["add", "10.8.0.1/24 brd 10.8.0.77", {
    address: "10.8.0.1/24",
    broadcast: "10.8.0.77",
  }],
  ["add", "127.9.0.1/8", { address: "127.9.0.1/8" }],
  ["add", "10.1.0.1/24 scope link", { address: "10.1.0.1/24", scope: "link" }],
  ["add", "10.2.0.1/24 scope 77", { address: "10.2.0.1/24", scope: 77 }],
  ["add", "10.3.0.1/24 label a0:two", {
    address: "10.3.0.1/24",
    label: "a0:two",
  }],
  ["add", "10.3.9.1/24 label other", {
    address: "10.3.9.1/24",
    label: "other",
  }],
  ["add", "10.4.0.1 peer 10.4.0.2", {
    address: "10.4.0.1",
    peer: "10.4.0.2",
  }],
  ["add", "10.5.0.1 peer 10.5.0.2/24 brd +", {
    address: "10.5.0.1",
    peer: "10.5.0.2/24",
    broadcast: "+",
  }],
  ["add", "10.6.0.1/24 valid_lft 1000 preferred_lft 500", {
    address: "10.6.0.1/24",
    valid_lft: 1000,
    preferred_lft: 500,
  }],
  ["replace", "10.6.0.1/24 valid_lft forever preferred_lft 0", {
    address: "10.6.0.1/24",
    valid_lft: "forever",
    preferred_lft: 0,
  }],
  ["add", "10.7.0.1/24 noprefixroute metric 50", {
    address: "10.7.0.1/24",
    noprefixroute: true,
    metric: 50,
  }],
  ["add", "224.1.1.1/32 autojoin", {
    address: "224.1.1.1/32",
    autojoin: true,
  }],
  ["delete", "192.0.2.1/24", { address: "192.0.2.1/24" }],
  ["delete", "192.0.2.1/24", { address: "192.0.2.1/24" }],
  ["delete", "10.8.0.1", { address: "10.8.0.1" }],
  ["delete", "10.5.0.1 peer 10.5.0.2/24", {
    address: "10.5.0.1",
    peer: "10.5.0.2/24",
  }],
  ["delete", "10.2.0.1/25", { address: "10.2.0.1/25" }],
  ["add", "2001:db8::1/64", { address: "2001:db8::1/64" }],
  ["add", "2001:db8::9", { address: "2001:db8::9" }],
  ["add", "2001:db8::2/64 nodad home", {
    address: "2001:db8::2/64",
    nodad: true,
    home: true,
  }],
  ["add", "2001:db8::3/64 optimistic noprefixroute metric 9", {
    address: "2001:db8::3/64",
    optimistic: true,
    noprefixroute: true,
    metric: 9,
  }],
  ["add", "2001:db8::4/64 mngtmpaddr", {
    address: "2001:db8::4/64",
    mngtmpaddr: true,
  }],
  ["add", "2001:db8::5/64 valid_lft 2000 preferred_lft 1500", {
    address: "2001:db8::5/64",
    valid_lft: 2000,
    preferred_lft: 1500,
  }],
  ["add", "2001:db8:1::1 peer 2001:db8:1::2/64", {
    address: "2001:db8:1::1",
    peer: "2001:db8:1::2/64",
  }],
  ["add", "2001:db8:2::1/64 anycast 2001:db8:2::", {
    address: "2001:db8:2::1/64",
    anycast: "2001:db8:2::",
  }],
  ["add", "fe80::7/64 scope link", { address: "fe80::7/64", scope: "link" }],
  ["replace", "2001:db8::1/64 preferred_lft 0", {
    address: "2001:db8::1/64",
    preferred_lft: 0,
  }],
  ["replace", "2001:db8::1/64 valid_lft 700 preferred_lft 600", {
    address: "2001:db8::1/64",
    valid_lft: 700,
    preferred_lft: 600,
  }],
  ["replace", "2001:db8::1/64 valid_lft forever preferred_lft forever", {
    address: "2001:db8::1/64",
    valid_lft: "forever",
    preferred_lft: "forever",
  }],
  ["delete", "2001:db8::1/64", { address: "2001:db8::1/64" }],
  ["delete", "2001:db8::9", { address: "2001:db8::9" }],
  ["delete", "2001:db8::2/65", { address: "2001:db8::2/65" }],
];

Deno.test("address: add, replace and delete as ip requests them", async () => {
  await using beside = await Beside.open(`
    link add a0 type veth peer name a1
    link set a0 addrgenmode none up
    link set a1 addrgenmode none up`);
  let refused = 0;
  for (const [verb, words, spec] of CASES) {
    const change = BUILD[verb]({ ...spec, dev: "a0" });
    const done = await beside.compare(
      `address ${verb} ${words} dev a0`,
      change,
    );
    if (!done) refused++;
  }
  // What is there already, what is gone, the wrong length twice.
  assertEquals(refused, 4);
  // The network's route goes with the last address that is there for ever.
  for (const [, , spec] of CASES.toReversed()) {
    await beside.undo(deleteAddress({ ...spec, dev: "a0" }));
  }
  await beside.assertNothingLeft();
});

/** iproute2 6.1 cannot set the origin; 7.1 sends it as IFA_PROTO. */
const ORIGINS = [
  [{ protocol: 77 }, "0x4d"],
  [{ protocol: "kernel_ra" }, "kernel_ra"],
  [{}, undefined],
] as const;

Deno.test("address: the origin is set, changed and shown", async () => {
  await using lab = await Lab.open("ns");
  await using network = Network.open({ namespace: lab.ns.name });
  await lab.ns.batch("link set lo up");
  for (const address of ["192.0.2.1/24", "2001:db8::1/64"]) {
    for (const [origin, name] of ORIGINS) {
      const spec = { address, dev: "lo", ...origin };
      await network.apply([replaceAddress(spec)]);
      const found = (await network.socket.addresses())
        .find((one) => `${one.address}/${one.prefixLength}` === address)!;
      assertEquals(ipAddress(found).protocol, name);
    }
  }
});

Deno.test("address: every option is tried", () => {
  const tried = [
    ...CASES.map(([, , spec]) => ({ ...spec, dev: "a0" })),
    ...ORIGINS.map(([origin]) => origin),
  ];
  assertAllTried("addresses", ADDRESS.options, tried);
});

Deno.test("address: what cannot be right is refused before anything is sent", () => {
  const base = { address: "192.0.2.1/24", dev: "a0" };
  const wrong: AddressSpec[] = [
    { ...base, address: "192.0.2.1/33" },
    { ...base, address: "default" },
    { ...base, dev: "" },
    { ...base, peer: "2001:db8::1" },
    { ...base, broadcast: "2001:db8::1" },
    { ...base, broadcast: "*" },
    { address: "2001:db8::1/64", dev: "a0", broadcast: "+" },
    { ...base, scope: "galaxy" },
    { ...base, scope: 256 },
    { ...base, label: "x".repeat(16) },
    { ...base, valid_lft: 0 },
    { ...base, valid_lft: 5, preferred_lft: 6 },
    { ...base, nodad: true },
    { ...base, autojoin: true },
    // @ts-expect-error: no such word
    { ...base, brd: "+" },
    // @ts-expect-error: no link
    { address: "192.0.2.1/24" },
  ];
  for (const spec of wrong) {
    assertThrows(
      () => addAddress(spec),
      ArgumentError,
      undefined,
      JSON.stringify(spec),
    );
  }
});
