// netplumb address: adds, replaces and deletes addresses.

import { EnumType } from "@cliffy/command";
import {
  addAddress,
  ADDRESS,
  type AddressSpec,
  deleteAddress,
  replaceAddress,
} from "../../lib/rtnetlink/address.ts";
import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  addressDeletions,
  flushAddresses,
} from "../../lib/rtnetlink/changes/flush.ts";
import { scope } from "../../lib/rtnetlink/spec/named_number.ts";
import { Network } from "../../lib/rtnetlink/network.ts";
import { cidr, linkName } from "../arguments.ts";
import { changing, make, reads } from "../change/make.ts";
import {
  type SpecGroups,
  valuesOf,
  withOptions,
} from "../change/spec_options.ts";
import { subcommand } from "../command.ts";
import { perform } from "../perform.ts";

const DEVICE = "Link of the address.";

const OPTIONS: SpecGroups = [
  ["Address", {
    peer: ["cidr", "Address of the point-to-point peer."],
    broadcast: [
      "address",
      "Broadcast address; + sets and - clears the host bits.",
    ],
    anycast: ["address", "Anycast address."],
    scope: ["scope", "Scope: global, site, link or host."],
    label: ["label", "Label that starts with the link's name; IPv4 only."],
    metric: ["n", "Metric of the prefix route."],
    protocol: ["origin", "Origin: a number or a name."],
  }],
  ["Lifetime", {
    valid_lft: ["seconds", "Valid lifetime in seconds, or forever."],
    preferred_lft: ["seconds", "Preferred lifetime in seconds, or forever."],
  }],
  ["Flags", {
    noprefixroute: ["", "Do not add the prefix route."],
    nodad: ["", "Skip duplicate address detection; IPv6 only."],
    optimistic: ["", "Use it during duplicate address detection; IPv6 only."],
    home: ["", "Mark it as a Mobile IPv6 home address."],
    mngtmpaddr: ["", "Derive temporary addresses from it; IPv6 only."],
    autojoin: ["", "Join the multicast group."],
  }],
];

function command(
  details: string,
  build: (spec: AddressSpec) => Change,
) {
  const start = subcommand(details)
    .type("cidr", cidr)
    .type("link", linkName)
    .arguments("<address:cidr>", ["Address with prefix length."])
    .group("Address")
    .option("--dev <link:link>", DEVICE, { required: true });
  return changing(withOptions(start, ADDRESS.options, OPTIONS))
    .action((options, address: string) =>
      make(options, () => [
        build({ address, dev: options.dev, ...valuesOf(options, OPTIONS) }),
      ])
    );
}

const add = command(
  "Add an address; fail if it exists.",
  addAddress,
)
  .example(
    "Add an IPv4 address with its broadcast address",
    "netplumb address add 192.0.2.1/24 --dev eth0 --broadcast +",
  )
  .example(
    "Add an IPv6 address without duplicate address detection",
    "netplumb address add 2001:db8::1/64 --dev eth0 --nodad",
  );

const replace = command(
  "Add an address, or change an existing one.",
  replaceAddress,
)
  .example(
    "Limit the lifetime to an hour",
    "netplumb address replace 192.0.2.1/24 --dev eth0 --valid-lft 3600",
  )
  .example(
    "Deprecate an address",
    "netplumb address replace 2001:db8::1/64 --dev eth0 --preferred-lft 0",
  );

const remove = command(
  "Delete an address.\n\nWithout a prefix length, an IPv4 address is deleted " +
    "regardless of its prefix length.",
  deleteAddress,
)
  .example(
    "Delete an address",
    "netplumb address delete 192.0.2.1/24 --dev eth0",
  )
  .example(
    "Print the netlink message only",
    "netplumb address delete 192.0.2.1/24 --dev eth0 --dry-run",
  );

const flush = changing(
  subcommand("Delete all addresses of a link.")
    .type("link", linkName)
    .type("scope", reads(scope))
    .type("family", new EnumType(["inet", "inet6"]))
    .arguments("<link:link>", ["Link of the addresses."])
    .group("Selection")
    .option("--family <family:family>", "Delete only IPv4 or IPv6 addresses.")
    .option("--scope <scope:scope>", "Delete only addresses of this scope."),
)
  .example("Delete all addresses", "netplumb address flush eth0")
  .example(
    "Delete the IPv4 addresses",
    "netplumb address flush eth0 --family inet",
  )
  .action((options, dev) => {
    const { family, scope } = options;
    const filter = { dev, family, scope };
    if (options.dryRun) {
      return make(options, (network) => addressDeletions(network, filter));
    }
    return perform(options, async ({ output, signal }) => {
      await using network = Network.open({ namespace: options.in });
      const count = await flushAddresses(network, { ...filter, signal });
      const what = `delete addresses of ${dev}`;
      if (output.json) output.object({ event: "done", what, count });
    });
  });

export const address = subcommand()
  .example("Add an address", "netplumb address add 192.0.2.1/24 --dev eth0")
  .example("Delete it again", "netplumb address delete 192.0.2.1/24 --dev eth0")
  .command("add", add)
  .command("replace", replace)
  .command("delete", remove)
  .command("flush", flush)
  .reset();
