// netplumb link: adds, changes and deletes links.

import type { ArgumentValue } from "@cliffy/command";
import { ArgumentError } from "../../lib/errors.ts";
import {
  addAltNames,
  deleteAltNames,
} from "../../lib/rtnetlink/changes/alt_name.ts";
import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  addLink,
  deleteLink,
  deleteLinkGroup,
  type LinkChanges,
  type LinkSpec,
  setLink,
} from "../../lib/rtnetlink/changes/link.ts";
import { SETTINGS } from "../../lib/rtnetlink/settings.ts";
import { interfaceName, linkName, wholeNumber, word } from "../arguments.ts";
import { describedText, describeKinds } from "../change/describe_kinds.ts";
import { readKindWords } from "../change/kind_words.ts";
import { changing, make, reads } from "../change/make.ts";
import { SETTING_OPTIONS, SETTING_TYPES } from "../change/settings.ts";
import { valuesOf, withOptions } from "../change/spec_options.ts";
import { subcommand } from "../command.ts";
import { linkVlan } from "./link_vlan.ts";
import { perform } from "../perform.ts";

const KIND_WORDS =
  "The arguments after the name are the options of the kind as in `ip link`; " +
  "`netplumb link kinds KIND` lists them.";

/** A keyword or value of the kind; a negative number is not an option. */
function kindWord(given: ArgumentValue): string {
  return /^-\d+$/.test(given.value) ? given.value : word(given);
}

const add = changing(
  withOptions(
    subcommand(`Add a network interface.\n\n${KIND_WORDS}`)
      .type("name", interfaceName)
      .type("link", linkName)
      .type("index", wholeNumber(1, 2 ** 31 - 1))
      .type("queues", wholeNumber(1, 4096))
      .type("word", kindWord)
      .arguments("<name:name> [words...:word]", [
        "Name of the link.",
        "Options of the kind.",
      ])
      .group("Link")
      .option("--type <kind:word>", "Kind: veth, bridge, vlan, vxlan ...", {
        required: true,
      })
      .option(
        "--link <lower:link>",
        "Lower link, for kinds that need one.",
      )
      .option("--up", "Set the link up.")
      .option("--altname <name:word>", "Alternative name.", { collect: true })
      .option("--index <n:index>", "Interface index.")
      .option("--numtxqueues <n:queues>", "Number of transmit queues.")
      .option("--numrxqueues <n:queues>", "Number of receive queues."),
    SETTINGS,
    SETTING_OPTIONS,
    SETTING_TYPES,
  ),
  "--in",
)
  .example(
    "Add a veth pair with the peer in another namespace",
    "netplumb link add veth0 --type veth --up peer name eth0 netns blue",
  )
  .example(
    "Add a VLAN-aware bridge",
    "netplumb link add br0 --type bridge --mtu 1400 vlan_filtering 1",
  )
  .example(
    "Print the netlink message for a VLAN only",
    "netplumb link add eth0.5 --type vlan --link eth0 id 5 --dry-run",
  )
  .action((options, name: string, ...words: string[]) => {
    const { kind, options: kindOptions } = readKindWords(options.type, words);
    if (kind === undefined) {
      throw new ArgumentError(
        "--type",
        options.type,
        "a kind of link that can be added",
      );
    }
    const spec: LinkSpec = {
      name,
      kind,
      ...valuesOf(options, SETTING_OPTIONS),
      up: options.up,
      link: options.link,
      index: options.index,
      numtxqueues: options.numtxqueues,
      numrxqueues: options.numrxqueues,
      altnames: options.altname,
      options: kindOptions,
    };
    return make(options, () => [addLink(spec)]);
  });

const set = changing(
  withOptions(
    subcommand(`Change a link.\n\n${KIND_WORDS}`)
      .type("new-name", interfaceName)
      .type("link", linkName)
      .type("word", kindWord)
      .arguments("<name:link> [words...:word]", [
        "Link to change.",
        "Up or down, or with --type options of the kind or of the bridge or bond port.",
      ])
      .group("Link")
      .option("--name <name:new-name>", "New name.")
      .option(
        "--type <kind:word>",
        "Kind of the options: its own, bridge_slave or bond_slave.",
      )
      .option(
        "--nomaster",
        "Remove it from its bridge, bond or VRF.",
        {
          conflicts: ["master"],
        },
      )
      .option("--altname <name:word>", "Add an alternative name.", {
        collect: true,
      })
      .option("--delete-altname <name:word>", "Delete an alternative name.", {
        collect: true,
      }),
    SETTINGS,
    SETTING_OPTIONS,
    SETTING_TYPES,
  ),
  "--in",
)
  .example("Set up with another MTU", "netplumb link set eth0 up --mtu 1400")
  .example("Add to a bridge", "netplumb link set veth0 --master br0")
  .example(
    "Change bridge port options",
    "netplumb link set veth0 --type bridge_slave hairpin on cost 10",
  )
  .action((options, name: string, ...given: string[]) => {
    const [first] = given;
    const state = first === "up" || first === "down" ? first : undefined;
    const words = state === undefined ? given : given.slice(1);
    const changes: LinkChanges = {
      ...valuesOf(options, SETTING_OPTIONS),
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(state === undefined ? {} : { up: state === "up" }),
      ...(options.nomaster ? { master: null } : {}),
      ...kindChanges(options.type, words),
    };
    const list: Change[] = [];
    // A new name takes effect last: the others refer to the old one.
    if (options.deleteAltname) {
      list.push(deleteAltNames(name, options.deleteAltname));
    }
    if (options.altname) list.push(addAltNames(name, options.altname));
    if (Object.keys(changes).length > 0) list.push(setLink(name, changes));
    if (list.length === 0) {
      throw new ArgumentError("link set", name, "given an option to change");
    }
    return make(options, () => list);
  });

/** The changes of `--type KIND WORDS`. */
function kindChanges(
  type: string | undefined,
  words: readonly string[],
): LinkChanges {
  if (type === undefined) {
    if (words.length === 0) return {};
    throw new ArgumentError(
      "words",
      words.join(" "),
      "possible without --type",
    );
  }
  const { kind, port, options } = readKindWords(type, words);
  return port === undefined
    ? { kind, options }
    : { port: { kind: port, options } };
}

const remove = changing(
  subcommand("Delete links.")
    .type("link", linkName)
    .type("group", reads(SETTINGS.group))
    .arguments("[name...:link]", ["Links to delete."])
    .group("Selection")
    .option("--group <group:group>", "Delete all links of this group."),
  "--in",
)
  .example("Delete a veth pair", "netplumb link delete veth0")
  .example(
    "Delete two bridges in a namespace",
    "netplumb link delete br0 br1 --in blue",
  )
  .action((options, ...names: string[]) => {
    const list = names.map((name) => deleteLink(name));
    if (options.group !== undefined) list.push(deleteLinkGroup(options.group));
    if (list.length === 0) {
      throw new ArgumentError("link delete", "", "a name or --group");
    }
    return make(options, () => list);
  });

const kinds = subcommand(
  "List the kinds of link, or the options of one.\n\nOther kinds that the " +
    "kernel has can be added without options.",
)
  .type("word", word)
  .arguments("[kind:word]", ["Kind, bridge_slave or bond_slave."])
  .example("List the kinds", "netplumb link kinds")
  .example("List the options of a bridge", "netplumb link kinds bridge")
  .action((options, kind) =>
    perform(options, ({ output }) => {
      for (const one of describeKinds(kind)) {
        output.event(one, describedText);
      }
    })
  );

export const link = subcommand()
  .example(
    "Add a veth pair",
    "netplumb link add veth0 --type veth peer name veth1",
  )
  .example("Set a link up", "netplumb link set veth0 up")
  .command("add", add)
  .command("set", set)
  .command("delete", remove)
  .command("vlan", linkVlan)
  .command("kinds", kinds)
  .reset();
