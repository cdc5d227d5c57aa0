// netplumb route: adds, replaces and deletes routes.

import type { ArgumentValue } from "@cliffy/command";
import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  addRoute,
  appendRoute,
  deleteRoute,
  replaceRoute,
  ROUTE,
  type RouteSpec,
} from "../../lib/rtnetlink/route.ts";
import {
  NEXTHOP,
  type NexthopSpec,
} from "../../lib/rtnetlink/route_nexthop.ts";
import { changing, make, reads } from "../change/make.ts";
import {
  type SpecGroups,
  valuesOf,
  withOptions,
} from "../change/spec_options.ts";
import { readWords } from "../change/words.ts";
import { address, linkName, wholeNumber, word } from "../arguments.ts";
import { ipRoute } from "../../lib/iproute2/route.ts";
import { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { ipProtocol } from "../../lib/rtnetlink/spec/named_number.ts";
import { subcommand } from "../command.ts";
import { namespace } from "../namespace.ts";
import { perform } from "../perform.ts";
import type { Json } from "../show/shown.ts";
import { routeText } from "../show/text/route.ts";

const OPTIONS: SpecGroups = [
  ["Selector", {
    type: ["type", "Route type, such as blackhole (default: unicast)."],
    table: ["table", "Routing table, a name or number (default: main)."],
    from: ["network", "Source prefix; IPv6 only."],
    tos: ["tos", "Type of service: hexadecimal or a name."],
    metric: ["n", "Metric; the lowest is preferred."],
    family: [
      "family",
      "Address family: mpls for a label, or that of default without --via.",
    ],
  }],
  ["Next hop", {
    via: ["address", "Gateway address, of either family."],
    dev: ["link", "Output link."],
    src: ["address", "Preferred source address."],
    onlink: ["", "Treat the gateway as on-link."],
    nhid: ["id", "Id of a nexthop object."],
    encap: ["words", "Encapsulation, as in ip-route(8): 'mpls 100/200 ttl 5'."],
    as: ["labels", "New labels of an MPLS route: 200/300."],
  }],
  ["Attributes", {
    protocol: ["protocol", "Origin, such as static or dhcp (default: boot)."],
    scope: ["scope", "Scope: global, link or host."],
    pref: ["preference", "Router preference: low, medium or high; IPv6 only."],
    expires: ["seconds", "Lifetime; IPv6 only."],
    realms: ["realms", "Realms, FROM/TO or TO; IPv4 only."],
    "ttl-propagate": [
      "enabled|disabled",
      "Copy the TTL into labels; MPLS only.",
    ],
  }],
  ["Metrics", {
    mtu: ["bytes", "Path MTU."],
    advmss: ["bytes", "Advertised TCP maximum segment size."],
    hoplimit: ["n", "Hop limit (TTL) of sent packets."],
    reordering: ["segments", "Initial TCP reordering degree."],
    rtt: ["time", "Initial round-trip time: 100ms, 1.5s; default unit: ms."],
    rttvar: ["time", "Initial round-trip time variance."],
    rto_min: ["time", "Minimum TCP retransmission timeout."],
    window: ["bytes", "Maximum TCP window."],
    cwnd: ["segments", "Congestion window clamp; needs --lock cwnd."],
    initcwnd: ["segments", "Initial congestion window."],
    initrwnd: ["segments", "Initial receive window."],
    ssthresh: ["segments", "Initial slow-start threshold."],
    features: ["feature", "TCP features: ecn."],
    quickack: ["on|off", "TCP quick acknowledgements."],
    congctl: ["name", "TCP congestion control algorithm."],
    fastopen_no_cookie: ["on|off", "TCP Fast Open without a cookie."],
    lock: ["metrics", "Locked metrics, such as mtu,rtt."],
  }],
];

/** "via 192.0.2.2 dev eth0 weight 2", as after `nexthop` in `ip route`. */
function nexthop({ value }: ArgumentValue): NexthopSpec {
  return readWords(
    "nexthop",
    NEXTHOP.options,
    value.split(/ +/).filter(Boolean),
  );
}

function command(details: string, build: (spec: RouteSpec) => Change) {
  const start = subcommand(details)
    .type("word", word)
    .type("to", reads(ROUTE.options.to))
    .type("nexthop", nexthop)
    .arguments("<to:to>", [
      "Destination prefix, address, default, or MPLS label.",
    ])
    .group("Next hop")
    .option(
      "--nexthop <words:nexthop>",
      'Next hop of a multipath route: "via ADDRESS dev LINK weight N onlink".',
      { collect: true },
    );
  return changing(withOptions(start, ROUTE.options, OPTIONS))
    .action((options, to: string) =>
      make(options, () => [
        build({ to, nexthops: options.nexthop, ...valuesOf(options, OPTIONS) }),
      ])
    );
}

const add = command("Add a route; fail if it exists.", addRoute)
  .example(
    "Add a route through a gateway",
    "netplumb route add 198.51.100.0/24 --via 192.0.2.254",
  )
  .example(
    "Add a weighted multipath route",
    "netplumb route add default --nexthop 'via 192.0.2.2 weight 2' --nexthop 'via 192.0.2.3'",
  )
  .example(
    "Add a blackhole route to another table",
    "netplumb route add 203.0.113.0/24 --type blackhole --table 100",
  );

const replace = command(
  "Add a route, or replace the existing one.",
  replaceRoute,
)
  .example(
    "Change the default gateway",
    "netplumb route replace default --via 192.0.2.253",
  )
  .example(
    "Set a path MTU",
    "netplumb route replace 198.51.100.0/24 --via 192.0.2.254 --mtu 1400",
  );

const append = command(
  "Append a route; for IPv6, add a next hop.",
  appendRoute,
)
  .example(
    "Add a next hop to an IPv6 route",
    "netplumb route append 2001:db8:1::/48 --via 2001:db8::3",
  )
  .example(
    "Append a second default route",
    "netplumb route append default --via 192.0.2.252",
  );

const remove = command(
  "Delete the first matching route.",
  deleteRoute,
)
  .example("Delete the default route", "netplumb route delete default")
  .example(
    "Delete a route by table and metric",
    "netplumb route delete 198.51.100.0/24 --table 100 --metric 50",
  );

const get = withOptions(
  subcommand(
    "Print the route that the kernel uses for a destination, as `ip route get`.",
  )
    .type("address", address)
    .type("netns", namespace)
    .type("link", linkName)
    .type("port", wholeNumber(0, 65535))
    .type("number", wholeNumber(0, 0xffff_ffff))
    .arguments("<destination:address>", ["Destination address."])
    .group("Packet")
    .option("--from <address:address>", "Source address.")
    .option("--iif <link:link>", "Incoming link, for a forwarded packet.")
    .option("--oif <link:link>", "Outgoing link.")
    .option("--mark <n:number>", "Packet mark.")
    .option("--uid <n:number>", "User of the socket.")
    .option("--sport <n:port>", "Source port; needs --proto.")
    .option("--dport <n:port>", "Destination port; needs --proto."),
  { proto: ipProtocol, tos: ROUTE.options.tos },
  [["Packet", {
    proto: ["protocol", "Protocol: tcp, udp, icmp or a number."],
    tos: ["tos", "Type of service: hexadecimal or a name."],
  }]],
)
  .group("Output")
  .option(
    "--fib-match",
    "Print the matching route of the table instead of the result.",
  )
  .option("--details", "Show all attributes, as `ip -d` does.")
  .group("Source")
  .option("--netns <name:netns>", "Look up in this network namespace.")
  .example(
    "Print the source address and the gateway for a destination",
    "netplumb route get 192.0.2.1",
  )
  .example(
    "Look up with a source address and a mark",
    "netplumb route get 2001:db8::1 --from 2001:db8::2 --mark 7",
  )
  .action((options, destination: string) =>
    perform(options, async ({ output, signal }) => {
      const { from, iif, oif, mark, uid, proto, tos, sport, dport } = options;
      await using socket = RouteSocket.open({ namespace: options.netns });
      const found = await socket.lookup(destination, {
        ...{ from, iif, oif, mark, uid, protocol: proto, tos, sport, dport },
        fibMatch: options.fibMatch,
        signal,
      });
      const names = new LinkNames(await socket.links({ signal }));
      const json = ipRoute(found, { names, details: options.details });
      if (output.json) output.object([json]);
      else output.line(routeText(json as Json));
    })
  );

export const route = subcommand()
  .example(
    "Add a default route",
    "netplumb route add default --via 192.0.2.254",
  )
  .example("Delete it again", "netplumb route delete default --via 192.0.2.254")
  .command("add", add)
  .command("replace", replace)
  .command("append", append)
  .command("delete", remove)
  .command("get", get)
  .reset();
