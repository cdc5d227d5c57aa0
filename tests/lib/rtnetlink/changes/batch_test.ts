// Many changes at once: few messages for them, and addresses by the hundred.

import { assert, assertEquals } from "@std/assert";
import { NetlinkError } from "../../../../lib/netlink/errors.ts";
import { addAddress } from "../../../../lib/rtnetlink/address.ts";
import { flushAddresses } from "../../../../lib/rtnetlink/changes/flush.ts";
import {
  addLink,
  deleteLink,
  deleteLinkGroup,
} from "../../../../lib/rtnetlink/changes/link.ts";
import { addRoute } from "../../../../lib/rtnetlink/route.ts";
import { Network } from "../../../../lib/rtnetlink/network.ts";
import "../../../support/descriptors.ts";
import { inventory } from "../../../support/inventory.ts";
import { Lab } from "../../../support/netns.ts";
import { scriptLines } from "../../../support/script.ts";

const PAIRS = 1000;

Deno.test("batch: a thousand veth pairs with addresses by one call, few sends", async () => {
  await using lab = await Lab.open("a");
  const before = await inventory(lab.a);
  const file = await Deno.makeTempFile();
  const [sends] = await scriptLines(
    `
    import { addAddress } from "lib:rtnetlink/address.ts";
    import { addLink } from "lib:rtnetlink/changes/link.ts";
    import { addRoute } from "lib:rtnetlink/route.ts";
    import { Network } from "lib:rtnetlink/network.ts";
    await using network = Network.open({ namespace: "${lab.a.name}" });
    const net = (pair: number) => \`10.\${pair >> 8}.\${pair & 255}\`;
    await network.apply(Array.from({ length: ${PAIRS} }, (_, pair) => [
      addLink({
        name: \`a\${pair}\`,
        kind: "veth",
        up: true,
        group: 7,
        options: { peer: { name: \`b\${pair}\`, up: true } },
      }),
      addAddress({ address: \`\${net(pair)}.1/31\`, dev: \`a\${pair}\` }),
      addAddress({ address: \`\${net(pair)}.0/31\`, dev: \`b\${pair}\` }),
      addRoute({
        to: \`11.\${pair >> 8}.\${pair & 255}.0/24\`,
        via: \`\${net(pair)}.0\`,
      }),
    ]).flat());
    console.log("made");`,
    {
      under: ["strace", "-qq", "-f", "-e", "trace=sendto", "-o", file],
      limit: 120,
    },
  );
  assertEquals(sends, "made");
  const trace = await Deno.readTextFile(file);
  await Deno.remove(file);
  // Five thousand messages: a link, its end that is set up, and the rest.
  const datagrams = trace.match(/sendto\(/g)!.length;
  assert(datagrams < 5 * PAIRS / 50, `${datagrams} datagrams`);

  const net = (pair: number) => `10.${pair >> 8}.${pair & 255}`;
  const links = await lab.a.json("address");
  const find = (name: string) => links.find(({ ifname }) => ifname === name)!;
  assertEquals(links.length, 2 * PAIRS + 1);
  for (const name of ["a0", "b0", "a999", "b999", "a512"]) {
    const { flags, addr_info, link } = find(name);
    assert((flags as string[]).includes("UP"), name);
    assertEquals(link, name.replace(/^./, name[0] === "a" ? "b" : "a"));
    const host = name[0] === "a" ? 1 : 0;
    const [{ local }] = addr_info as { local: string }[];
    assertEquals(local, `${net(Number(name.slice(1)))}.${host}`);
  }
  const routes = await lab.a.json("-4 route show proto boot");
  assertEquals(routes.length, PAIRS);
  // Its other end goes with each, and the addresses and routes of both.
  await using network = Network.open({ namespace: lab.a.name });
  await network.apply(deleteLinkGroup(7));
  assertEquals(await inventory(lab.a), before);
  // Numbered far above what the kernel gives others meanwhile.
  // Kernels before 6.6 do not list links by their numbers.
  const lo = Number(find("lo").ifindex);
  const near = links.filter(({ ifindex, ifname }) =>
    ifname !== "lo" && Number(ifindex) <= lo + 4000
  );
  assertEquals(near, []);
});

Deno.test("batch: rejections are reported for each request, in order", async () => {
  await using lab = await Lab.open("a");
  await using network = Network.open({ namespace: lab.a.name });
  const results = await network.applyEach([
    addLink({ name: "x0", kind: "bridge" }),
    addAddress({ address: "192.0.2.1/24", dev: "x0" }),
    addAddress({ address: "192.0.2.1/24", dev: "x0" }),
    addRoute({ to: "198.51.100.0/24", via: "203.0.113.1" }),
    deleteLink("x0"),
  ]);
  assertEquals(
    results.map((result) => "error" in result ? result.error.code : "done"),
    ["done", "done", "EEXIST", "ENETUNREACH", "done"],
  );
  const [, , , refused] = results;
  assert("error" in refused && refused.error instanceof NetlinkError);
  assertEquals(refused.error.tried, "add route 198.51.100.0/24");
  // The kernel's own words, not the number's alone.
  assertEquals(refused.error.ack.message, "Nexthop has invalid gateway");
});

Deno.test("flush: the addresses of a link, a family, a scope; secondary ones too", async () => {
  await using lab = await Lab.open("a");
  await lab.a.batch(`
    link add a0 type veth peer name a1
    address add 192.0.2.1/24 dev a0
    address add 192.0.2.2/24 dev a0
    address add 192.0.2.3/24 dev a0
    address add 198.51.100.1 peer 198.51.100.2 dev a0
    address add 203.0.113.1/24 dev a0 scope link
    address add 2001:db8::1/64 dev a0
    address add 192.0.2.9/32 dev a1`);
  await using network = Network.open({ namespace: lab.a.name });
  const left = async (link: string) => {
    const [{ addr_info }] = await lab.a.json(`address show ${link}`);
    return (addr_info as { local: string }[]).map(({ local }) => local);
  };
  assertEquals(await flushAddresses(network, { dev: "a0", scope: "link" }), 1);
  assertEquals((await left("a0")).length, 5);
  assertEquals(await flushAddresses(network, { dev: "a0", family: "inet" }), 4);
  assertEquals(await left("a0"), ["2001:db8::1"]);
  assertEquals(await left("a1"), ["192.0.2.9"]);
  assertEquals(await flushAddresses(network, { dev: "a0" }), 1);
  assertEquals(await flushAddresses(network, { dev: "a0" }), 0);

  await lab.a.sysctl("net.ipv4.conf.all.promote_secondaries", 1);
  await lab.a.batch(`
    address add 192.0.2.1/24 dev a0
    address add 192.0.2.2/24 dev a0
    address add 192.0.2.3/24 dev a0`);
  await flushAddresses(network, { dev: "a0" });
  assertEquals(await left("a0"), []);
});
