// Links made, changed and deleted: the messages beside those of `ip`, and what
// comes of them.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { NetlinkError } from "../../../../lib/netlink/errors.ts";
import { ArgumentError } from "../../../../lib/errors.ts";
import { addAddress } from "../../../../lib/rtnetlink/address.ts";
import {
  addAltNames,
  deleteAltNames,
} from "../../../../lib/rtnetlink/changes/alt_name.ts";
import type { Change } from "../../../../lib/rtnetlink/changes/change.ts";
import {
  addLink,
  deleteLink,
  setLink,
} from "../../../../lib/rtnetlink/changes/link.ts";
import { kindNamed } from "../../../../lib/rtnetlink/kinds/mod.ts";
import type { LinkSettings } from "../../../../lib/rtnetlink/settings.ts";
import type { TunLinkOptions } from "../../../../lib/rtnetlink/kinds/tun.ts";
import { Network } from "../../../../lib/rtnetlink/network.ts";
import { Beside } from "../../../support/beside.ts";
import { openDescriptors } from "../../../support/descriptors.ts";
import { Lab } from "../../../support/netns.ts";
import { settled } from "../../../support/settled.ts";
import { assertAllTried } from "../../../support/tried.ts";

const PAIR = "link add a0 type veth peer name a1";

Deno.test("link set: the options of a kind as ip requests them", async () => {
  await using beside = await Beside.open(`${PAIR}
    link add br0 type bridge
    link add vx0 type vxlan id 5 dstport 4789
    link add link a0 name mv0 type macvlan mode bridge`);
  await beside.compare(
    "link set br0 type bridge stp_state 1 priority 77",
    setLink("br0", {
      kind: "bridge",
      options: { stp_state: true, priority: 77 },
    }),
  );
  await beside.compare(
    "link set vx0 type vxlan ageing 60",
    setLink("vx0", { kind: "vxlan", options: { ageing: 60 } }),
  );
  await beside.compare(
    "link set mv0 type macvlan mode private",
    setLink("mv0", { kind: "macvlan", options: { mode: "private" } }),
  );
});

Deno.test("link: further names and deletion as ip requests them", async () => {
  await using beside = await Beside.open(PAIR);
  const long = "the-one-with-the-green-cable-that-nobody-dares-to-pull";
  await beside.compare(
    `link property add dev a0 altname ${long} altname short`,
    addAltNames("a0", [long, "short"]),
  );
  await beside.compare(`link set ${long} up`, setLink(long, { up: true }));
  await beside.compare(
    "link property del dev a0 altname short",
    deleteAltNames("a0", ["short"]),
  );
  await beside.compare("link delete a0", deleteLink("a0"));
});

Deno.test("link: a batch may speak of links that it makes and renames", async () => {
  await using lab = await Lab.open("a");
  await using network = Network.open({ namespace: lab.a.name });
  const before = openDescriptors();
  await network.apply([
    addLink({
      name: "br0",
      kind: "bridge",
      up: true,
      altnames: ["the-bridge"],
    }),
    addLink({
      name: "v0",
      kind: "veth",
      master: "br0",
      port: { kind: "bridge", options: { cost: 7, hairpin: true } },
      options: { peer: { name: "v1", mtu: 1400, up: true } },
    }),
    setLink("v0", { name: "w0", up: true }),
    setLink("w0", { alias: "renamed" }),
    addLink({ name: "m0", kind: "macvlan", link: "v1" }),
    setLink("the-bridge", { mtu: 1300 }),
  ]);
  const links = await lab.a.json("-d link");
  const one = (name: string) => links.find(({ ifname }) => ifname === name)!;
  assertEquals(one("br0").mtu, 1300);
  assertEquals(one("br0").altnames, ["the-bridge"]);
  assertEquals([one("w0").master, one("w0").ifalias], ["br0", "renamed"]);
  const { info_slave_data } = one("w0").linkinfo as {
    info_slave_data: Record<string, unknown>;
  };
  assertEquals([info_slave_data.cost, info_slave_data.hairpin], [7, true]);
  assertEquals([one("v1").mtu, one("v1").link], [1400, "w0"]);
  assert((one("v1").flags as string[]).includes("UP"));
  assertEquals(one("m0").link, "v1");

  await network.apply([deleteLink("br0"), deleteLink("w0")]);
  assertEquals((await lab.a.json("link")).map(({ ifname }) => ifname), ["lo"]);
  assertEquals(openDescriptors(), before);
});

Deno.test("link: the other end of a pair may be spoken of alone", async () => {
  await using lab = await Lab.open("a", "b");
  await using network = Network.open({ namespace: lab.a.name });
  const pair = (name: string, settings: LinkSettings) =>
    addLink({
      name: `${name}0`,
      kind: "veth",
      options: { peer: { name: `${name}1`, ...settings } },
    });
  const up = async (netns: typeof lab.a) =>
    // ip leaves an empty object for each that is down.
    (await netns.json("link show up")).flatMap(({ ifname }) => ifname ?? [])
      .toSorted();
  await network.apply(pair("u", { up: true }));
  await network.apply([pair("v", {}), setLink("v1", { up: true })]);
  await network.apply(addLink({
    name: "w0",
    kind: "veth",
    netns: lab.b.name,
    options: { peer: { name: "w1", up: true } },
  }));
  assertEquals(await up(lab.a), ["lo", "u1", "v1", "w1"]);
  assertEquals((await lab.b.json("link show w0")).length, 1);
});

Deno.test("link: into another namespace, by its name and by a process", async () => {
  await using lab = await Lab.open("a", "b");
  await using network = Network.open({ namespace: lab.a.name });
  const before = openDescriptors();
  const sleeper = lab.b.spawn("sh", ["-c", "echo; exec sleep 60"], {
    stdout: "piped",
  });
  const reader = sleeper.stdout.getReader();
  await reader.read();
  await reader.cancel();
  await network.apply([
    addLink({
      name: "v0",
      kind: "veth",
      options: { peer: { name: "v1", netns: lab.b.name } },
    }),
    addLink({
      name: "w0",
      kind: "veth",
      options: { peer: { name: "w1", netns: sleeper.pid } },
    }),
    addLink({ name: "br0", kind: "bridge", netns: lab.b.name }),
    addLink({ name: "i0", kind: "ifb" }),
    setLink("i0", { netns: lab.b.name, name: "i1" }),
  ]);
  sleeper.kill("SIGKILL");
  await sleeper.status;
  const names = async (netns: typeof lab.a) =>
    (await netns.json("link")).map(({ ifname }) => ifname).toSorted();
  assertEquals(await names(lab.a), ["lo", "v0", "w0"]);
  assertEquals(await names(lab.b), ["br0", "i1", "lo", "v1", "w1"]);
  assertEquals(openDescriptors(), before);
});

Deno.test("link: TUN and TAP devices that stay, as ip tuntap makes them", async () => {
  const cases: [words: string, kind: "tun" | "tap", TunLinkOptions][] = [
    ["mode tun", "tun", {}],
    ["mode tap", "tap", {}],
    ["mode tap multi_queue pi user 0 group root", "tap", {
      multi_queue: true,
      pi: true,
      user: "root",
      group: 0,
    }],
  ];
  const tried = cases.map(([, , options]) => options);
  assertAllTried("TUN devices", kindNamed("tun").options, tried);
  for (const [words, kind, options] of cases) {
    await using lab = await Lab.open("theirs", "ours");
    await using network = Network.open({ namespace: lab.ours.name });
    await lab.theirs.ip("link add before type veth peer name other");
    await lab.theirs.ip(`tuntap add dev t0 ${words}`);
    await lab.theirs.ip("link set t0 mtu 1400 up");
    await lab.theirs.ip("address add 192.0.2.1/24 dev t0");
    await network.apply([
      addLink({
        name: "before",
        kind: "veth",
        options: { peer: { name: "other" } },
      }),
      addLink({ name: "t0", kind, mtu: 1400, up: true, options }),
      addAddress({ address: "192.0.2.1/24", dev: "t0" }),
    ]);
    await settled(async () => {
      const [theirs] = await lab.theirs.json("-d address show t0");
      const [ours] = await lab.ours.json("-d address show t0");
      for (const link of [theirs, ours]) delete link.address;
      assertEquals(ours, theirs);
    });
    const again = await network.applyEach([
      addLink({ name: "t0", kind, options }),
      addLink({ name: "t1", kind }),
    ]);
    assert("error" in again[0] && again[0].error.code === "EBUSY");
    assert(!("error" in again[1]));
    await network.apply([
      deleteLink("t0"),
      deleteLink("t1"),
      deleteLink("before"),
    ]);
    assertEquals((await lab.ours.json("link")).length, 1);
  }
});

/** What is said of changes to an empty namespace, and how many links are there then. */
async function refused(changes: readonly Change[]) {
  await using lab = await Lab.open("a");
  await using network = Network.open({ namespace: lab.a.name });
  const error = await assertRejects(
    () => network.apply(changes),
    NetlinkError,
  );
  return { error, links: (await lab.a.json("link")).length };
}

Deno.test("link: a rejected change does not stop the others, and is thrown first", async () => {
  const { error, links } = await refused([
    addLink({ name: "x0", kind: "bridge" }),
    addLink({ name: "x0", kind: "bridge" }),
    addLink({ name: "x1", kind: "bridge" }),
    addLink({ name: "x1", kind: "bridge" }),
  ]);
  assertEquals([error.code, error.tried], ["EEXIST", "add link x0"]);
  assertEquals(links, 3);
});

Deno.test("link: no device is made if a link spoken of later is not there", async () => {
  const { error, links } = await refused([
    addLink({ name: "x0", kind: "bridge" }),
    addLink({ name: "t0", kind: "tun" }),
    addAddress({ address: "192.0.2.1/24", dev: "nowhere" }),
  ]);
  assertEquals([error.code, links], ["ENODEV", 1]);
});

Deno.test("link: nothing is changed if a link spoken of is not there", async () => {
  const { error, links } = await refused([
    addLink({ name: "x0", kind: "bridge" }),
    setLink("none", { up: true }),
  ]);
  assertEquals([error.code, links], ["ENODEV", 1]);
  assert(error.message.includes("none"), error.message);
});

Deno.test("link: an unsupported kind is reported with the kernel's text and the module", async () => {
  await using lab = await Lab.open("a");
  await using network = Network.open({ namespace: lab.a.name });
  const error = await assertRejects(
    () => network.apply(addLink({ name: "x0", kind: "nosuchkind" })),
    NetlinkError,
  );
  assertEquals(error.code, "EOPNOTSUPP");
  for (const part of ["add link x0", "Unknown device type", "nosuchkind"]) {
    assert(error.message.includes(part), error.message);
  }
  // Its module has another name, and an option may be lacking, too: a kernel
  // that has them does what the message says.
  const results = await network.applyEach([
    addLink({ name: "x1", kind: "vlan", link: "lo", options: { id: 5 } }),
    addLink({ name: "x2", kind: "bridge", options: { vlan_filtering: true } }),
  ]);
  for (const [index, word] of ["8021q", "vlan_filtering"].entries()) {
    const result = results[index];
    if ("error" in result) {
      assert(result.error.message.includes(word), result.error.message);
    }
  }
});

Deno.test("link: what cannot be right is refused before anything is sent", () => {
  const wrong: (() => unknown)[] = [
    () => addLink({ name: "", kind: "bridge" }),
    () => addLink({ name: "x".repeat(16), kind: "bridge" }),
    () => addLink({ name: "a/b", kind: "bridge" }),
    () => addLink({ name: "x0", kind: "" }),
    () => addLink({ name: "x0", kind: "bridge", mtu: -1 }),
    () => addLink({ name: "x0", kind: "bridge", mtu: 1.5 }),
    () => addLink({ name: "x0", kind: "bridge", address: "1.2.3.4" }),
    () => addLink({ name: "x0", kind: "bridge", alias: "x".repeat(256) }),
    () => addLink({ name: "x0", kind: "bridge", index: 0 }),
    () => addLink({ name: "x0", kind: "bridge", altnames: [""] }),
    () => addLink({ name: "x0", kind: "bridge", netns: "a", altnames: ["b"] }),
    () => addLink({ name: "x0", kind: "bridge", options: { priority: 1e9 } }),
    () =>
      addLink({
        name: "x0",
        kind: "veth",
        // @ts-expect-error: no such setting
        options: { peer: { names: "x1" } },
      }),
    // @ts-expect-error: no such setting
    () => addLink({ name: "x0", kind: "bridge", mut: 1400 }),
    // @ts-expect-error: no such option
    () => addLink({ name: "x0", kind: "bridge", options: { prio: 1 } }),
    // @ts-expect-error: no such option
    () => addLink({ name: "x0", kind: "dummy", options: { prio: 1 } }),
    () => setLink("x0", { options: {}, kind: "" }),
    () => setLink("", { up: true }),
    () => deleteLink(0),
    () =>
      addLink({
        name: "x0",
        kind: "veth",
        options: { peer: { name: "x1", netns: "a", up: true } },
      }),
  ];
  for (const make of wrong) {
    let made: unknown;
    try {
      made = make();
    } catch (error) {
      assert(error instanceof ArgumentError, String(error));
      continue;
    }
    throw new Error(`${make} gave ${JSON.stringify(made)}`);
  }
});
