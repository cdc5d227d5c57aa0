// How links hang together, compared with what `ip` says of each.

import { assertEquals, assertMatch } from "@std/assert";
import {
  topology,
  type TopologyEnd,
  type TopologyLink,
} from "../../../lib/rtnetlink/topology.ts";
import { Tun } from "../../../lib/tun/device.ts";
import "../../support/descriptors.ts";
import { Lab, type Netns, run } from "../../support/netns.ts";

interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly master?: string;
  /** The name of the other link in the same namespace. */
  readonly link?: string;
  readonly link_index?: number;
  readonly link_netnsid?: number;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: Record<string, unknown>;
  };
  readonly addr_info: readonly { local: string; prefixlen: number }[];
}

/** The namespace that `ip` knows by an id in another one. */
async function byId(from: Netns, others: readonly Netns[], nsid: number) {
  const text = await run("ip", ["-n", from.name, "-j", "netns", "list-id"]);
  const ids: { nsid: number; name?: string }[] = JSON.parse(text);
  const name = ids.find((each) => each.nsid === nsid)?.name;
  return others.find((netns) => netns.name === name);
}

Deno.test("topology: every link hangs where ip says it does", async () => {
  await using lab = await Lab.open("router", "left", "right", "beyond");
  const { router, left, right, beyond } = lab;
  await router.batch(`
    link add br0 type bridge
    link set br0 up
    link add port1 type veth peer name eth0 netns ${left.name}
    link add port2 type veth peer name eth0 netns ${right.name}
    link add port3 type veth peer name far netns ${beyond.name}
    link set port1 master br0 up
    link set port2 master br0 up
    link set port3 up
    link add both type veth peer name ends
    address add 192.0.2.1/24 dev br0
    address add 2001:db8::1/64 dev br0
    address add 198.51.100.1 peer 198.51.100.2 dev both
  `);
  await left.batch(`
    link set eth0 up
    link add mv0 link eth0 type macvlan mode bridge
    link add away link eth0 type macvlan mode private
    link set away netns ${right.name}
    tuntap add tap7 mode tap
  `);
  await right.batch(`
    link set eth0 up
    link add vx0 type vxlan id 42 dev eth0 remote 192.0.2.9 dstport 4789
  `);
  const shown = [router, left, right];
  const found = await topology({ namespaces: shown.map(({ name }) => name) });
  assertEquals(found.map(({ name }) => name), shown.map(({ name }) => name));

  for (const [index, netns] of shown.entries()) {
    const expected = await netns.json<IpLink>("-d address show");
    const { links } = found[index];
    assertEquals(
      links.map(({ ifindex, name }) => `${ifindex} ${name}`),
      expected.map(({ ifindex, ifname }) => `${ifindex} ${ifname}`),
    );
    for (const [at, link] of links.entries()) {
      const ip = expected[at];
      const kind = ip.linkinfo?.info_kind;
      assertEquals(link.kind, kind ?? "loopback");
      assertEquals(link.mtu, ip.mtu);
      assertEquals(link.master?.name, ip.master);
      assertEquals(
        link.state,
        !ip.flags.includes("UP")
          ? "down"
          : ip.flags.includes("LOWER_UP")
          ? "up"
          : "no carrier",
      );
      assertEquals(
        link.addresses.map((address) => address.replace(/ peer .*\//, "/"))
          .sort(),
        ip.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`)
          .sort(),
      );
      const [end, other] = kind === "veth"
        ? [link.peer, link.lower]
        : [link.lower, link.peer];
      assertEquals(other, undefined);
      await assertEnd(end, link, ip, netns, shown);
    }
  }
  const all = found.flatMap(({ links }) => links);
  const named = (name: string) => all.find((link) => link.name === name)!;
  assertEquals(named("mv0").detail, "bridge");
  assertEquals(named("tap7").detail, "tap");
  assertEquals(named("vx0").detail, "42");
  assertEquals(named("both").addresses, ["198.51.100.1 peer 198.51.100.2/32"]);
});

async function assertEnd(
  end: TopologyEnd | undefined,
  link: TopologyLink,
  ip: IpLink,
  netns: Netns,
  shown: readonly Netns[],
): Promise<void> {
  const nsid = ip.link_netnsid;
  const data = ip.linkinfo?.info_data;
  const local = ip.link ?? (link.kind === "vxlan" ? data?.link : undefined);
  if (nsid === undefined) {
    assertEquals(end && "name" in end ? end.name : end, local, link.name);
    return;
  }
  const there = await byId(netns, shown, nsid);
  if (there === undefined) {
    assertEquals(end, { nsid, ifindex: ip.link_index! }, link.name);
    return;
  }
  const [{ ifname }] = (await there.json<IpLink>("link show"))
    .filter(({ ifindex }) => ifindex === ip.link_index);
  assertEquals(
    end && "name" in end && [end.namespace.name, end.name],
    [there.name, ifname],
    link.name,
  );
}

Deno.test("topology: MTUs that do not fit are reported at both ends", async () => {
  await using lab = await Lab.open("a", "b");
  await lab.veth("a", "eth0", "b", "eth0");
  await lab.a.batch(`
    link add br0 type bridge
    link add mv0 link eth0 type macvlan
    link set mv0 mtu 1300
    link add other type veth peer name port
    link set port master br0
    link set br0 mtu 1400
  `);
  await lab.b.ip("link set eth0 mtu 1200");
  const read = async () =>
    (await topology({ namespaces: [lab.a.name, lab.b.name] }))
      .flatMap(({ links }) => links)
      .filter(({ problem }) => problem !== undefined)
      .map(({ name, problem }) => `${name}: ${problem}`);
  assertEquals(await read(), [
    "eth0: MTU 1500, but 1200 at its peer",
    "port: MTU 1500, but 1400 on its bridge",
    "eth0: MTU 1200, but 1500 at its peer",
  ]);
  await lab.b.ip("link set eth0 mtu 1500");
  await lab.a.ip("link set br0 mtu 1500");
  assertEquals(await read(), []);
});

Deno.test("topology: who holds a TUN device, also one of another namespace", async () => {
  await using lab = await Lab.open("a", "b");
  await lab.a.ip("tuntap add idle mode tun");
  await using held = Tun.open({ name: "held", namespace: lab.a.name });
  const read = async () =>
    (await topology({ namespaces: [lab.a.name, lab.b.name, lab.a.name] }))
      .map(({ links }) =>
        links.filter(({ kind }) => kind === "tun").map(({ name, holders }) => [
          name,
          // Not known where a process may not be looked at.
          ...(holders ?? []).map(({ pid, command }) => `${pid} ${command}`),
        ])
      );
  assertEquals(held.name, "held");
  // A namespace named twice is there once.
  assertEquals(await read(), [[["idle"], ["held", `${Deno.pid} deno`]], []]);

  await using python = lab.b.spawn("python3", [
    "-c",
    "import fcntl, struct, sys\n" +
    "f = open('/dev/net/tun', 'r+b', buffering=0)\n" +
    "fcntl.ioctl(f, 0x400454ca, struct.pack('16sH22x', b'held', 0x1001))\n" +
    "print('open', flush=True); sys.stdin.read()",
  ], { stdin: "piped", stdout: "piped" });
  const output = python.stdout.getReader();
  assertMatch(new TextDecoder().decode((await output.read()).value), /open/);
  assertEquals(await read(), [
    [["idle"], ["held", `${Deno.pid} deno`]],
    [["held", `${python.pid} python3`]],
  ]);
  await python.stdin.close();
  await output.cancel();
  await python.status;
});

Deno.test("topology: this thread's own namespace is shown once", async () => {
  const found = await topology({ namespaces: [undefined, Deno.pid] });
  assertEquals(found.length, 1);
  assertEquals(found[0].links[0].name, "lo");
});
