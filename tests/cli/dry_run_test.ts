// --dry-run: what it prints is, byte for byte, what the same command sends
// without it, but for the numbers of the messages; and it changes nothing.

import { assert, assertEquals } from "@std/assert";
import { denoRun, netplumb } from "../support/command.ts";
import { inventory } from "../support/inventory.ts";
import { Lab, type Netns } from "../support/netns.ts";
import { sentByOurs } from "../support/sent.ts";

const SETUP = `
  link add a0 type veth peer name a1
  link set a0 addrgenmode none up
  link set a1 addrgenmode none up
  link add br0 type bridge
  address add 192.0.2.1/24 dev a0
  address add 192.0.2.2/24 dev a0
  address add 2001:db8::1/64 dev a0 nodad`;

/** One after the other: later ones find what those before them made. */
const COMMANDS: string[] = [
  "link add v0 --type veth --up --mtu 1400 --altname first peer name v1 up",
  "link add vx0 --type vxlan id 5 dstport 4789 ttl inherit",
  "link set v0 up --master br0 --alias of_br0",
  "link set v0 --type bridge_slave cost 7 hairpin on",
  "link set v0 --altname second --delete-altname first --name v9",
  "link vlan add v9 10-12 --untagged",
  "address add 198.51.100.1/24 --dev a1 --broadcast + --valid-lft 900",
  "address replace 2001:db8:1::1/64 --dev a1 --nodad --noprefixroute",
  "nexthop add 5 --via 192.0.2.9 --dev a0",
  "route add 203.0.113.0/24 --nhid 5",
  "route append 10.0.0.0/8 --via 192.0.2.7 --mtu 1400 --lock mtu --table 77",
  "neighbour add 192.0.2.7 --dev a0 --lladdr 02:00:00:00:00:07",
  "rule add --from 192.0.2.0/24 --fwmark 1/7 --table 77 --priority 9",
  "rule delete --priority 9",
  "route delete 10.0.0.0/8 --table 77",
  "address flush a0",
  "link delete v9 br0",
];

Deno.test("--dry-run: prints what is then sent, and sends nothing itself", async () => {
  await using lab = await Lab.open("a");
  await lab.a.batch(SETUP);
  await multicastRoutes(lab.a, "a0", "a1");
  for (const command of COMMANDS) {
    const words = command.split(" ");
    const before = await inventory(lab.a);
    const dry = await netplumb(lab.a, ...words, "--dry-run", "--json");
    assertEquals([dry.code, dry.stderr], [0, ""], command);
    assertEquals(await inventory(lab.a), before, command);
    const printed = dry.stdout.trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    const { sent, code, stderr } = await sentByOurs(
      lab.a,
      Deno.execPath(),
      ...denoRun(),
      ...words,
    );
    // This kernel may keep no VLANs apart; it was requested all the same.
    assert(code === 0 || command.startsWith("link vlan"), stderr);
    assert(sent.length > 0, command);
    assertEquals(
      printed.map(({ hex }) => hex),
      sent.map(({ bytes }) => bytes.toHex()),
      command,
    );
  }
});

/** The kernel adds the multicast route of a link when it has seen its carrier. */
async function multicastRoutes(
  netns: Netns,
  ...links: string[]
): Promise<void> {
  for (const link of links) {
    const words = ["-6", "route", "show", "table", "local", "ff00::/8"];
    const end = performance.now() + 10_000;
    for (;;) {
      const { stdout } = await netns.output("ip", [...words, "dev", link]);
      if (stdout !== "") break;
      assert(performance.now() < end, `no multicast route of ${link}`);
    }
  }
}
