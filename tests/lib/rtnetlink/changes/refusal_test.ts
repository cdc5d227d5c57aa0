// What a refusal says: what was tried, the error's name, the kernel's words and
// the rejected attribute if it reports it, and what to do.

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { SystemError } from "../../../../ffi/errno.ts";
import { NetlinkError } from "../../../../lib/netlink/errors.ts";
import {
  addAddress,
  deleteAddress,
} from "../../../../lib/rtnetlink/address.ts";
import { addAltNames } from "../../../../lib/rtnetlink/changes/alt_name.ts";
import type { Change } from "../../../../lib/rtnetlink/changes/change.ts";
import {
  addLink,
  deleteLink,
  setLink,
} from "../../../../lib/rtnetlink/changes/link.ts";
import {
  addNeighbour,
  deleteNeighbour,
} from "../../../../lib/rtnetlink/neighbour.ts";
import {
  addNexthop,
  deleteNexthop,
} from "../../../../lib/rtnetlink/nexthop.ts";
import { addRoute, deleteRoute } from "../../../../lib/rtnetlink/route.ts";
import { addRule, deleteRule } from "../../../../lib/rtnetlink/rule.ts";
import { Network } from "../../../../lib/rtnetlink/network.ts";
import "../../../support/descriptors.ts";
import { Lab } from "../../../support/netns.ts";

const SETUP = `
  link add a0 type veth peer name a1
  link add br0 type bridge
  link add c0 type veth peer name c1
  link set a0 up
  link set a1 up
  link set c0 up
  address add 192.0.2.1/24 dev a0
  address add 2001:db8::1/64 dev a0 nodad
  nexthop add id 1 dev a0
  route add 10.1.0.0/16 dev a0
  rule add fwmark 1 table 5 priority 5
  neighbour add 192.0.2.3 dev a0 lladdr 02:00:00:00:00:03`;

/** No process: the kernel's numbers end before. */
const NOBODY = 0x7fff_fff0;
const dev = "a0";
const vxlan = { name: "x0", kind: "vxlan", options: { id: 5 } } as const;
const REPLACE = "It exists: use replace instead of add";
const GATEWAY = "A gateway must be in the network of a local address: " +
  "add that address, or name the link and set onlink";

/** The change, and how its refusal goes on behind what was tried. */
const CASES: [change: Change, message: string][] = [
  [
    addLink({ name: "a0", kind: "veth" }),
    "EEXIST, file exists (RTM_NEWLINK). A link has that name or index; " +
    "list the links to compare",
  ],
  [
    addLink({ ...vxlan, mtu: 10 }),
    "EINVAL, invalid argument (RTM_NEWLINK); the kernel says: " +
    "MTU must be between 68 and 65535, attribute IFLA_MTU",
  ],
  [
    // Down, for kernels before 6.2 rename no link that is up.
    setLink("c1", { name: "a1" }),
    "EEXIST, file exists (RTM_NEWLINK). A link has that name or index; " +
    "list the links to compare",
  ],
  [
    addAltNames("a0", ["a1"]),
    "EEXIST, file exists (RTM_NEWLINKPROP). A link has that name; " +
    "list the links to compare",
  ],
  [
    setLink("a0", { mtu: 10 }),
    "EINVAL, invalid argument (RTM_NEWLINK); the kernel says: " +
    "mtu less than device minimum",
  ],
  [
    setLink("a0", { address: "01:00:00:00:00:01" }),
    "EADDRNOTAVAIL, cannot assign requested address (RTM_NEWLINK). " +
    "A link cannot have that address",
  ],
  [
    setLink("a0", { carrier: false }),
    "EOPNOTSUPP, operation not supported (RTM_NEWLINK). " +
    "a0 does not accept this carrier",
  ],
  [
    setLink("a0", { master: "a1" }),
    "EOPNOTSUPP, operation not supported (RTM_NEWLINK). " +
    "A master must be a bridge, a bond or a VRF, and lo cannot have one",
  ],
  [
    setLink("br0", { master: "br0" }),
    "ELOOP, too many levels of symbolic links (RTM_NEWLINK); " +
    "the kernel says: Can not enslave a bridge to a bridge",
  ],
  [
    setLink("a0", { netns: NOBODY }),
    "ESRCH, no such process (RTM_NEWLINK). No process has that pid",
  ],
  [
    setLink("a0", { kind: "vxlan", options: { id: 7 } }),
    "EOPNOTSUPP, operation not supported (RTM_NEWLINK). " +
    "a0 is not of kind vxlan, or this kernel's vxlan does not support one of id",
  ],
  [
    setLink("a0", { port: { kind: "bridge", options: { cost: 5 } } }),
    "EOPNOTSUPP, operation not supported (RTM_NEWLINK). " +
    "a0 is not of kind bridge_slave, or this kernel's bridge does not support one of cost",
  ],
  [
    deleteLink("lo"),
    "EOPNOTSUPP, operation not supported (RTM_DELLINK). " +
    "The kernel created this link; it can only be set down",
  ],
  [
    addAddress({ address: "192.0.2.1/24", dev }),
    "EEXIST, file exists (RTM_NEWADDR); the kernel says: ipv4: " +
    "Address already assigned. " +
    REPLACE,
  ],
  [
    deleteAddress({ address: "192.0.2.1/25", dev }),
    "EADDRNOTAVAIL, cannot assign requested address (RTM_DELADDR); " +
    "the kernel says: ipv4: Address not found. " +
    "The link has no such address with that prefix length; " +
    "list the addresses to compare",
  ],
  // Not for want of a capability.
  [
    addAddress({ address: "2001:db8:1::1/64", dev: "a1" }),
    "EACCES, permission denied (RTM_NEWADDR); the kernel says: ipv6: IPv6 is " +
    "disabled on this device. sysctl net.ipv6.conf.LINK.disable_ipv6=0 " +
    "enables it, if the kernel has it",
  ],
  [
    addRoute({ to: "10.1.0.0/16", dev }),
    `EEXIST, file exists (RTM_NEWROUTE). ${REPLACE}, or append to add another`,
  ],
  [
    addRoute({ to: "10.2.0.0/16", via: "198.51.100.1" }),
    "ENETUNREACH, network is unreachable (RTM_NEWROUTE); " +
    `the kernel says: Nexthop has invalid gateway. ${GATEWAY}`,
  ],
  [
    addRoute({ to: "2001:db8:2::/48", via: "2001:db9::1" }),
    `EHOSTUNREACH, no route to host (RTM_NEWROUTE). ${GATEWAY}`,
  ],
  [
    addRoute({ to: "10.2.0.0/16", dev: "br0" }),
    "ENETDOWN, network is down (RTM_NEWROUTE); the kernel says: Device for " +
    "nexthop is not up. Set its link up first; lo for routes without a link",
  ],
  [
    addRoute({ to: "10.2.0.0/16", nhid: 77 }),
    "EINVAL, invalid argument (RTM_NEWROUTE); the kernel says: " +
    "Nexthop id does not exist. Add that nexthop object first",
  ],
  [
    addRoute({ to: "10.2.0.0/16", dev, src: "198.51.100.1" }),
    "EINVAL, invalid argument (RTM_NEWROUTE); the kernel says: " +
    "Invalid prefsrc address. Add the source to a link first",
  ],
  [
    addRoute({ to: "10.2.0.1/16", dev }),
    "EINVAL, invalid argument (RTM_NEWROUTE); the kernel says: " +
    "Invalid prefix for given prefix length. " +
    "Bits after the prefix length must be zero",
  ],
  [
    deleteRoute({ to: "10.9.0.0/16" }),
    "ESRCH, no such process (RTM_DELROUTE). No route matches; " +
    "list the routes of all tables to compare",
  ],
  [
    addNeighbour({ to: "192.0.2.3", dev, lladdr: "02:00:00:00:00:09" }),
    "EEXIST, file exists (RTM_NEWNEIGH). " +
    REPLACE,
  ],
  [
    deleteNeighbour({ to: "192.0.2.9", dev }),
    "ENOENT, no such file or directory (RTM_DELNEIGH). " +
    "No neighbour matches; list the neighbours to compare",
  ],
  [
    addRule({ fwmark: 1, table: 5, priority: 5 }),
    "EEXIST, file exists (RTM_NEWRULE). The same rule exists; " +
    "list the rules to compare",
  ],
  [
    deleteRule({ priority: 77 }),
    "ENOENT, no such file or directory (RTM_DELRULE). " +
    "No rule matches; list the rules to compare",
  ],
  [
    addNexthop({ id: 1, dev }),
    "EEXIST, file exists (RTM_NEWNEXTHOP). " +
    REPLACE,
  ],
  [
    addNexthop({ id: 2, dev: "c0" }),
    "ENETDOWN, network is down (RTM_NEWNEXTHOP); the kernel says: Carrier for " +
    "nexthop device is down. Its link needs a carrier: set the other end up",
  ],
  [
    addNexthop({ id: 2, group: "77" }),
    "EINVAL, invalid argument (RTM_NEWNEXTHOP); the kernel says: " +
    "Invalid nexthop id. Add the members of the group first",
  ],
  [
    deleteNexthop(77),
    "ENOENT, no such file or directory (RTM_DELNEXTHOP). " +
    "No nexthop has that id; list the nexthops to compare",
  ],
];

/** Older kernels refuse some things silently. */
function saidBy(error: SystemError, message: string): string {
  return error instanceof NetlinkError && error.ack.message === undefined
    ? message.replace(/; the kernel says: .*?(?=\. |$)/, "")
    : message;
}

Deno.test("refusal: each says what was tried, why not, and what to do", async () => {
  await using lab = await Lab.open("a");
  await lab.a.batch(SETUP);
  await lab.a.sysctl("net.ipv6.conf.a1.disable_ipv6", 1);
  await using network = Network.open({ namespace: lab.a.name });
  for (const [change, message] of CASES) {
    const [result] = await network.applyEach([change]);
    assert("error" in result, `${change.what}: done`);
    const { error } = result;
    assertEquals(error.message, `${change.what}: ${saidBy(error, message)}`);
    assertEquals(error.capability, undefined);
  }
});

Deno.test("refusal: of a link that is not there, before anything is sent", async () => {
  await using lab = await Lab.open("a");
  await using network = Network.open({ namespace: lab.a.name });
  const error: SystemError = await assertRejects(
    () => network.apply(setLink("none", { up: true })),
    NetlinkError,
  );
  assertEquals(
    error.message,
    "find link none: ENODEV, no such device (RTM_GETLINK). " +
      "Check its name; a link in another namespace is not visible here",
  );
});
