// `netplumb show` as a user runs it: JSON that is `ip -j`'s, text in the words
// of `ip`, exit codes.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoRun, netplumb } from "../../support/command.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { assertSameJson } from "../../support/same_json.ts";

async function network(here: Netns): Promise<void> {
  await here.batch(`
    link add eth0 type veth peer name eth1
    link set eth0 up
    link set eth1 up
    link property add dev eth0 altname another-name
    link set eth0 alias uplink
    address add 192.0.2.1/24 brd + dev eth0
    address add 198.51.100.1 peer 198.51.100.2/32 dev eth0
    address add 2001:db8::1/64 dev eth0 nodad
    route add default via 192.0.2.2 metric 5
    route add 10.0.0.0/8 nexthop via 192.0.2.2 weight 3 nexthop dev eth1
    route add 10.1.0.0/16 via inet6 2001:db8::2 dev eth0
    route add blackhole 10.2.0.0/16
    route add 10.3.0.0/16 via 192.0.2.2 src 192.0.2.1 table 100
    route add 10.4.0.0/16 via 203.0.113.9 dev eth0 onlink
    route add 10.5.0.0/16 via 192.0.2.2 mtu 1400 realms 3/4
    neighbour add 192.0.2.2 lladdr 02:00:5e:10:00:02 dev eth0
    neighbour add 192.0.2.2 lladdr 02:00:5e:10:00:02 dev eth1
    neighbour add 2001:db8::2 lladdr 02:00:5e:10:00:02 dev eth0
    neighbour add 192.0.2.9 lladdr 02:00:5e:10:00:09 dev eth0
    neighbour add proxy 192.0.2.10 dev eth0
    rule add from 192.0.2.0/24 fwmark 7/0xff iif eth0 table 100
    rule add to 10.0.0.0/8 uidrange 1-2 ipproto tcp dport 5-6 unreachable
    rule add table main suppress_prefixlength 0
    nexthop add id 1 via 192.0.2.2 dev eth0
    nexthop add id 2 group 1,5`);
}

/** Words, however many blanks are between them and wherever lines end. */
function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

Deno.test("netplumb show: text in the words and the order of ip", async () => {
  await using lab = await Lab.open("here");
  await network(lab.here);
  for (
    const [ours, theirs] of [
      ["link", "link"],
      ["address", "address"],
      ["route", "route"],
      ["route --table all -6", "-6 route show table all"],
      ["route --table 100 --details", "-d route show table 100"],
      ["neighbour", "neighbour"],
      ["rule", "rule"],
      ["nexthop", "nexthop"],
      ["netconf", "netconf"],
      ["netconf -6 --dev eth0", "-6 netconf show dev eth0"],
    ]
  ) {
    const { code, stdout, stderr } = await netplumb(
      lab.here,
      "show",
      ...ours.split(" "),
    );
    assertEquals([code, stderr], [0, ""], ours);
    // `ip` says the same word twice of neighbours that are proxies, and of the
    // altname on a line of its own; words are words.
    // iproute2 6.1 does not print the origin of an address.
    const shown = stdout.replaceAll(/ proto kernel_l[lo]/g, "");
    assertEquals(words(shown), words(await lab.here.ip(theirs)), ours);
  }
});

Deno.test("netplumb show --json: one array, what ip -j prints", async () => {
  await using lab = await Lab.open("here");
  await network(lab.here);
  const { code, stdout } = await netplumb(
    undefined,
    ..."show address -4 --dev eth0 --json --netns".split(" "),
    lab.here.name,
  );
  assertEquals(code, 0);
  assertEquals(stdout.trim().split("\n").length, 1);
  assertEquals(
    JSON.parse(stdout),
    JSON.parse(await lab.here.ip("-j -4 address show dev eth0")),
  );
});

Deno.test("netplumb show: what is not there is refused, and why", async () => {
  await using lab = await Lab.open("here");
  const fails = async (...args: string[]) => {
    const { code, stdout, stderr } = await netplumb(lab.here, "show", ...args);
    assertEquals(stdout, "");
    return [code, stderr.trim()] as const;
  };
  assertEquals(await fails("link", "--dev", "nosuch"), [
    1,
    "netplumb: find link nosuch: ENODEV, no such device (RTM_GETLINK). " +
    "Check its name; a link in another namespace is not visible here",
  ]);
  const [noTable, table] = await fails("route", "--table", "4711");
  assertEquals(noTable, 1);
  assertMatch(table, /ENOENT.*the kernel says: ipv4: FIB table does not exist/);
  const [noWord, word] = await fails("route", "--table", "nosuch");
  assertEquals(noWord, 2);
  assertMatch(word, /--table.*"nosuch".*rt_tables/);
  const [noNamespace, namespace] = await fails("link", "--netns", "np-nosuch");
  assertEquals(noNamespace, 1);
  assertMatch(namespace, /np-nosuch: ENOENT/);
  const [both] = await fails("address", "-4", "-6");
  assertEquals(both, 2);
});

Deno.test("netplumb show: names and aliases of links move no cursor", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.ip("link add plain type ifb");
  await here.run("ip", [
    "link",
    "set",
    "plain",
    "alias",
    "\x1b[2Jgone\u202eback",
  ]);
  const { stdout } = await netplumb(here, "show", "link", "--dev", "plain");
  assert(stdout.includes("alias \\x1b[2Jgone\\u202eback"), stdout);
  const json = await netplumb(here, "show", "link", "--dev", "plain", "--json");
  assertEquals(JSON.parse(json.stdout)[0].ifalias, "\x1b[2Jgone\u202eback");
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x09\x0b-\x1f\u202e]/.test(stdout + json.stdout));
});

Deno.test("netplumb show: takes no capability", async () => {
  await using lab = await Lab.open("here");
  await network(lab.here);
  for (const object of ["link", "address", "route", "neighbour", "rule"]) {
    const { code, stdout } = await lab.here.output("setpriv", [
      "--bounding-set=-all",
      "--inh-caps=-all",
      Deno.execPath(),
      ...denoRun(),
      "show",
      object,
      "--json",
    ]);
    assertEquals(code, 0);
    assertSameJson(
      JSON.parse(stdout),
      JSON.parse(await lab.here.ip(`-j ${object}`)),
    );
  }
});
