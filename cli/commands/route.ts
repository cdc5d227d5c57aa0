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
import { word } from "../arguments.ts";
import { subcommand } from "../command.ts";

const OPTIONS: SpecGroups = [
  ["Which packets", {
    type: ["type", "What is done with them: unicast, blackhole, prohibit ..."],
    table: ["table", "The routing table; main, if not given."],
    from: ["network", "Only those from there; IPv6 only."],
    tos: ["n", "Only those of this type of service."],
    metric: ["n", "The smaller, the more preferred."],
    family: ["family", "Of a default route by a link alone: inet or inet6."],
  }],
  ["Which way", {
    via: ["address", "The next hop, of either family."],
    dev: ["link", "The link packets leave by."],
    src: ["address", "The source address of this machine's packets."],
    onlink: ["", "The next hop is on the link, whatever addresses say."],
    nhid: ["id", "A nexthop object."],
  }],
  ["What it is", {
    protocol: ["protocol", "Who made it: static, dhcp ...; boot otherwise."],
    scope: ["scope", "How far it reaches: global, link, host."],
    pref: ["preference", "The router's: low, medium or high; IPv6 only."],
    expires: ["seconds", "How long it lasts; IPv6 only."],
    realms: ["realms", "Realms, as FROM/TO or TO; IPv4 only."],
  }],
  ["What is known of the path", {
    mtu: ["bytes", "The longest packet."],
    advmss: ["bytes", "The longest TCP segment to announce."],
    hoplimit: ["n", "TTL of this machine's packets."],
    reordering: ["segments", "How many may be out of order."],
    rtt: ["ms", "The first guess of the round trip time."],
    rttvar: ["ms", "The first guess of its variance."],
    rto_min: ["ms", "The least time to a retransmission."],
    window: ["bytes", "The largest window."],
    cwnd: ["segments", "The congestion window; to be locked."],
    initcwnd: ["segments", "The first congestion window."],
    initrwnd: ["segments", "The first receive window."],
    ssthresh: ["segments", "Where slow start ends."],
    features: ["feature", "What TCP may do: ecn."],
    quickack: ["on|off", "Whether to acknowledge at once."],
    congctl: ["name", "The congestion control algorithm."],
    fastopen_no_cookie: ["on|off", "Whether Fast Open does without a cookie."],
    lock: ["metrics", "Which of these must not change by themselves: mtu,rtt."],
  }],
];

/** "via 192.0.2.2 dev eth0 weight 2", as `ip route` has it behind nexthop. */
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
    .arguments("<to:to>", ["A network, an address, or default."])
    .group("Which way")
    .option(
      "--nexthop <words:nexthop>",
      'One of several ways: "via ADDRESS dev LINK weight N onlink realms R".',
      { collect: true },
    );
  return changing(withOptions(start, ROUTE.options, OPTIONS))
    .action((options, to: string) =>
      make(options, () => [
        build({ to, nexthops: options.nexthop, ...valuesOf(options, OPTIONS) }),
      ])
    );
}

const add = command("Add a route; there must be none like it yet.", addRoute)
  .example(
    "By a gateway",
    "netplumb route add 198.51.100.0/24 --via 192.0.2.254",
  )
  .example(
    "Two ways, one with twice the packets",
    "netplumb route add default --nexthop 'via 192.0.2.2 weight 2' --nexthop 'via 192.0.2.3'",
  )
  .example(
    "Nowhere",
    "netplumb route add 203.0.113.0/24 --type blackhole --table 100",
  );

const replace = command(
  "Add a route, or put it in the place of the one that is there.",
  replaceRoute,
)
  .example(
    "Another gateway",
    "netplumb route replace default --via 192.0.2.253",
  )
  .example(
    "Smaller packets",
    "netplumb route replace 198.51.100.0/24 --via 192.0.2.254 --mtu 1400",
  );

const append = command(
  "Add a route behind those like it; of IPv6, a further way.",
  appendRoute,
)
  .example(
    "A further way",
    "netplumb route append 2001:db8:1::/48 --via 2001:db8::3",
  )
  .example(
    "A second default route",
    "netplumb route append default --via 192.0.2.252",
  );

const remove = command(
  "Delete a route: the first that is as told.",
  deleteRoute,
)
  .example("The default route", "netplumb route delete default")
  .example(
    "One of several of a table",
    "netplumb route delete 198.51.100.0/24 --table 100 --metric 50",
  );

export const route = subcommand()
  .example("Add one", "netplumb route add default --via 192.0.2.254")
  .example("Delete it", "netplumb route delete default --via 192.0.2.254")
  .command("add", add)
  .command("replace", replace)
  .command("append", append)
  .command("delete", remove)
  .reset();
