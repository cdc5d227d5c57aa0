// netplumb link, beside ip link.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoRun, netplumb } from "../support/command.ts";
import { Lab } from "../support/netns.ts";
import { sentBy } from "../support/sent.ts";

const lines = (text: string) =>
  text.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));

Deno.test("link: add, set and delete do what ip link sees", async () => {
  await using lab = await Lab.open("a", "b");
  const link = (...words: string[]) => netplumb(undefined, "link", ...words);
  const inA = ["--in", lab.a.name];
  const steps = [
    ["add", "br0", "--type", "bridge", "priority", "4096"],
    [
      ...["add", "v0", "--type", "veth", "--altname", "the-first", "--up"],
      ...["peer", "name", "v1", "netns", lab.b.name, "mtu", "1300"],
    ],
    ["set", "v0", "--master", "br0", "--alias", "of the bridge"],
    ["set", "v0", "--type", "bridge_slave", "cost", "7", "hairpin", "on"],
    ["set", "br0", "up", "--mtu", "1200", "--type", "bridge", "stp_state", "1"],
    // Kernels before 6.2 rename no link that is up.
    ["set", "v0", "down"],
    ["set", "the-first", "--delete-altname", "the-first", "--name", "v9"],
  ];
  for (const step of steps) {
    const { code, stdout, stderr } = await link(...step, ...inA, "--json");
    assertEquals([code, stderr], [0, ""], step.join(" "));
    assert(lines(stdout).every(({ event }) => event === "done"), stdout);
  }
  const links = await lab.a.json("-d link");
  const one = (name: string) =>
    // deno-lint-ignore no-explicit-any -- what ip prints
    links.find(({ ifname }) => ifname === name) as any;
  assertEquals(one("br0").linkinfo.info_data.priority, 4096);
  assertEquals(one("br0").linkinfo.info_data.stp_state, 1);
  assertEquals([one("br0").mtu, one("br0").flags.includes("UP")], [1200, true]);
  assertEquals([one("v9").master, one("v9").altnames], ["br0", undefined]);
  assertEquals(one("v9").ifalias, "of the bridge");
  assertEquals(one("v9").linkinfo.info_slave_data.cost, 7);
  assertEquals(one("v9").linkinfo.info_slave_data.hairpin, true);
  assertEquals((await lab.b.json("link show v1"))[0].mtu, 1300);

  const tun = ["add", "tun7", "--type", "tun", "--mtu", "1400", ...inA];
  const dry = await link(...tun, "--dry-run", "user", "root");
  assertStringIncludes(dry.stdout, "open /dev/net/tun for tun7 (TUNSETIFF");
  assertStringIncludes(dry.stdout, "IFLA_MTU  1400");
  assertEquals((await link(...tun, "user", "root")).code, 0);
  const [device] = await lab.a.json("-d link show tun7");
  assertEquals([device.mtu, device.link_type], [1400, "none"]);
  assertEquals((await link("delete", "tun7", ...inA)).code, 0);

  const deleted = await link("delete", "v9", "br0", ...inA);
  assertEquals([deleted.code, deleted.stdout], [0, ""], deleted.stderr);
  assertEquals((await lab.a.json("link")).length, 1);
});

Deno.test("link: --dry-run prints the bytes that ip sends, and sends none", async () => {
  await using lab = await Lab.open("a");
  await lab.a.ip("link add low type veth peer name high");
  const { stdout, stderr } = await netplumb(
    lab.a,
    "link",
    "add",
    "x0",
    "--type",
    "macvlan",
    "--link",
    "low",
    "--dry-run",
    "--json",
    "mode",
    "bridge",
  );
  const [message] = lines(stdout);
  const { sent: [sent] } = await sentBy(
    lab.a,
    ..."ip link add link low name x0 type macvlan mode bridge".split(" "),
  );
  const hex = (bytes: Uint8Array) => bytes.toHex();
  assertEquals(message?.type, "RTM_NEWLINK", stderr);
  // The header holds a sequence number that is not chosen yet.
  const body = message.hex.slice(32);
  assertEquals(body.length, hex(sent.body).length);
  assertStringIncludes(body, hex(new TextEncoder().encode("macvlan")));
  assertEquals(
    message.attributes.map(({ name }: { name: string }) => name).toSorted(),
    ["IFLA_IFNAME", "IFLA_LINK", "IFLA_LINKINFO"],
  );
  assertEquals(message.attributes.at(-1).inside, [
    { name: "IFLA_INFO_KIND", value: "macvlan" },
    {
      name: "IFLA_INFO_DATA",
      inside: [{ name: "IFLA_MACVLAN_MODE", value: 4 }],
    },
  ]);
  await lab.a.ip("link delete x0");

  const { stdout: text } = await netplumb(
    lab.a,
    ...["link", "set", "low", "up", "--mtu", "1400", "--dry-run"],
  );
  assertStringIncludes(
    text,
    "RTM_NEWLINK NLM_F_REQUEST NLM_F_ACK: set link low",
  );
  assertStringIncludes(text, "\n  IFLA_MTU  1400\n");
  assertStringIncludes(text, "08000400 78050000");
  const [low] = await lab.a.json("link show low");
  assertEquals(low.mtu, 1500);
});

Deno.test("link: the kernel's refusal, a wrong word and no permission exit as they should", async () => {
  await using lab = await Lab.open("a");
  const link = (...words: string[]) => netplumb(lab.a, "link", ...words);
  const taken = await link("add", "lo", "--type", "bridge");
  assertEquals(taken.code, 1);
  assertStringIncludes(taken.stderr, "add link lo: EEXIST");
  const none = await link("set", "none", "up");
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, "ENODEV");
  const kind = await link("add", "x0", "--type", "nosuchkind");
  assertEquals(kind.code, 1);
  assertStringIncludes(kind.stderr, "Unknown device type");
  assertStringIncludes(kind.stderr, "module nosuchkind");

  for (
    const words of [
      ["add", "x0"],
      ["add", "x/0", "--type", "bridge"],
      ["add", "x0", "--type", "bridge_slave"],
      ["add", "x0", "--type", "bridge", "stp_sate", "1"],
      ["set", "lo"],
      ["set", "lo", "hairpin", "on"],
      ["set", "lo", "--mtu", "none"],
      ["set", "lo", "--master", "a", "--nomaster"],
      ["kinds", "bridg"],
    ]
  ) {
    const { code, stdout } = await link(...words);
    assertEquals([code, stdout], [2, ""], words.join(" "));
  }

  const unprivileged = await lab.a.output("setpriv", [
    "--bounding-set=-net_admin",
    "--inh-caps=-net_admin",
    Deno.execPath(),
    ...denoRun(),
    ...["link", "set", "lo", "--mtu", "1400"],
  ]);
  assertEquals(unprivileged.code, 77, unprivileged.stderr);
  assertStringIncludes(
    unprivileged.stderr,
    "set link lo: EPERM, operation not permitted (RTM_NEWLINK). " +
      "Run as root or grant CAP_NET_ADMIN\n",
  );
});

Deno.test("link kinds: every kind has its options listed", async () => {
  const { stdout } = await netplumb(undefined, "link", "kinds", "--json");
  const kinds = lines(stdout).map(({ name }) => name);
  assert(kinds.includes("bridge_slave") && kinds.includes("wireguard"));
  const bridge = await netplumb(undefined, "link", "kinds", "bridge");
  assertStringIncludes(
    bridge.stdout,
    "priority                       Priority in the spanning tree; the " +
      "smallest becomes root: a whole number from 0 to 65535 (default: 32768)\n",
  );
});
