// netplumb address: adds, replaces and deletes addresses of links.

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

const DEVICE = "The link it is on.";

const OPTIONS: SpecGroups = [
  ["The address", {
    peer: ["cidr", "The other end of a point-to-point link."],
    broadcast: ["address", "The broadcast address; + and - make one."],
    anycast: ["address", "An anycast address."],
    scope: ["scope", "How far it reaches: global, link, host ..."],
    label: ["label", "The link's name and more; IPv4 only."],
    metric: ["n", "The metric of the route that comes with it."],
  }],
  ["How long", {
    valid_lft: ["seconds", "How long it is there: seconds, or forever."],
    preferred_lft: ["seconds", "How long new connections use it."],
  }],
  ["Fine tuning", {
    noprefixroute: ["", "Make no route to its network."],
    nodad: ["", "Do not ask whether somebody has it; IPv6 only."],
    optimistic: ["", "Use it while that is being asked; IPv6 only."],
    home: ["", "It is a home address of Mobile IPv6."],
    mngtmpaddr: ["", "Make temporary addresses of it; IPv6 only."],
    autojoin: ["", "Join the group it is; multicast addresses only."],
  }],
];

function command(
  details: string,
  build: (spec: AddressSpec) => Change,
) {
  const start = subcommand(details)
    .type("cidr", cidr)
    .type("link", linkName)
    .arguments("<address:cidr>", ["The address with its prefix length."])
    .group("Where")
    .option("--dev <link:link>", DEVICE, { required: true });
  return changing(withOptions(start, ADDRESS.options, OPTIONS))
    .action((options, address: string) =>
      make(options, () => [
        build({ address, dev: options.dev, ...valuesOf(options, OPTIONS) }),
      ])
    );
}

const add = command(
  "Add an address; it must not be there yet.",
  addAddress,
)
  .example(
    "With the broadcast address that belongs to it",
    "netplumb address add 192.0.2.1/24 --dev eth0 --broadcast +",
  )
  .example(
    "IPv6, usable at once",
    "netplumb address add 2001:db8::1/64 --dev eth0 --nodad",
  );

const replace = command(
  "Add an address, or change it if it is there.",
  replaceAddress,
)
  .example(
    "For an hour from now",
    "netplumb address replace 192.0.2.1/24 --dev eth0 --valid-lft 3600",
  )
  .example(
    "For no new connections",
    "netplumb address replace 2001:db8::1/64 --dev eth0 --preferred-lft 0",
  );

const remove = command(
  "Delete an address.\n\nOf an IPv4 address without a prefix length, any that " +
    "the link has goes.",
  deleteAddress,
)
  .example("One", "netplumb address delete 192.0.2.1/24 --dev eth0")
  .example(
    "The message it takes",
    "netplumb address delete 192.0.2.1/24 --dev eth0 --dry-run",
  );

const flush = changing(
  subcommand("Delete all addresses of a link.")
    .type("link", linkName)
    .type("scope", reads(scope))
    .type("family", new EnumType(["inet", "inet6"]))
    .arguments("<link:link>", ["The link."])
    .group("Which")
    .option("--family <family:family>", "Only those of IPv4 or IPv6.")
    .option("--scope <scope:scope>", "Only those that reach so far."),
)
  .example("All of them", "netplumb address flush eth0")
  .example("Those of IPv4", "netplumb address flush eth0 --family inet")
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
  .example("Add one", "netplumb address add 192.0.2.1/24 --dev eth0")
  .example("Delete it", "netplumb address delete 192.0.2.1/24 --dev eth0")
  .command("add", add)
  .command("replace", replace)
  .command("delete", remove)
  .command("flush", flush)
  .reset();
