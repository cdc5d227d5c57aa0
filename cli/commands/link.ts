// netplumb link: makes, changes and deletes links.

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
  "What follows --type KIND are the words of `ip link` for that kind, of which " +
  "`netplumb link kinds KIND` tells.";

/** A word of `type KIND ...`; a number below zero is no option. */
function kindWord(given: ArgumentValue): string {
  return /^-\d+$/.test(given.value) ? given.value : word(given);
}

const add = changing(
  withOptions(
    subcommand(`Make a link.\n\n${KIND_WORDS}`)
      .type("name", interfaceName)
      .type("link", linkName)
      .type("index", wholeNumber(1, 2 ** 31 - 1))
      .type("queues", wholeNumber(1, 4096))
      .type("word", kindWord)
      .arguments("<name:name> [words...:word]", [
        "Its name.",
        "Options of its kind.",
      ])
      .group("What it is")
      .option("--type <kind:word>", "Its kind: veth, bridge, vlan, vxlan ...", {
        required: true,
      })
      .option(
        "--link <lower:link>",
        "The link it stands on, of a kind that does.",
      )
      .option("--up", "Set it up at once.")
      .option("--altname <name:word>", "A further name.", { collect: true })
      .option("--index <n:index>", "The index to ask for.")
      .option("--numtxqueues <n:queues>", "How many queues it sends by.")
      .option("--numrxqueues <n:queues>", "How many queues it receives by."),
    SETTINGS,
    SETTING_OPTIONS,
    SETTING_TYPES,
  ),
  "--in",
)
  .example(
    "A pair, one end in another namespace",
    "netplumb link add veth0 --type veth --up peer name eth0 netns blue",
  )
  .example(
    "A bridge that keeps VLANs apart",
    "netplumb link add br0 --type bridge --mtu 1400 vlan_filtering 1",
  )
  .example(
    "The messages a VLAN takes",
    "netplumb link add eth0.5 --type vlan --link eth0 id 5 --dry-run",
  )
  .action((options, name: string, ...words: string[]) => {
    const { kind, options: kindOptions } = readKindWords(options.type, words);
    if (kind === undefined) {
      throw new ArgumentError(
        "--type",
        options.type,
        "the kind of a link to make",
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
        "The link.",
        "Up or down; behind --type, options of its kind or of its master's port.",
      ])
      .group("What to change")
      .option("--name <name:new-name>", "Its name.")
      .option(
        "--type <kind:word>",
        "Its kind, or bridge_slave or bond_slave, whose options follow.",
      )
      .option(
        "--nomaster",
        "Take it out of the bridge, bond or VRF it is in.",
        {
          conflicts: ["master"],
        },
      )
      .option("--altname <name:word>", "Give it a further name.", {
        collect: true,
      })
      .option("--delete-altname <name:word>", "Take a further name away.", {
        collect: true,
      }),
    SETTINGS,
    SETTING_OPTIONS,
    SETTING_TYPES,
  ),
  "--in",
)
  .example("Up, and smaller", "netplumb link set eth0 up --mtu 1400")
  .example("Into a bridge", "netplumb link set veth0 --master br0")
  .example(
    "Options of the port",
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
    // The old name has to be there for all but what comes last.
    if (options.deleteAltname) {
      list.push(deleteAltNames(name, options.deleteAltname));
    }
    if (options.altname) list.push(addAltNames(name, options.altname));
    if (Object.keys(changes).length > 0) list.push(setLink(name, changes));
    if (list.length === 0) {
      throw new ArgumentError("link set", name, "told what to change");
    }
    return make(options, () => list);
  });

/** What `--type KIND WORDS` asks to change. */
function kindChanges(
  type: string | undefined,
  words: readonly string[],
): LinkChanges {
  if (type === undefined) {
    if (words.length === 0) return {};
    throw new ArgumentError("words", words.join(" "), "known without --type");
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
    .arguments("[name...:link]", ["The links."])
    .group("Which")
    .option("--group <group:group>", "All links of this group, at once."),
  "--in",
)
  .example("A veth, and its other end", "netplumb link delete veth0")
  .example(
    "Two bridges in a namespace",
    "netplumb link delete br0 br1 --in blue",
  )
  .action((options, ...names: string[]) => {
    const list = names.map((name) => deleteLink(name));
    if (options.group !== undefined) list.push(deleteLinkGroup(options.group));
    if (list.length === 0) {
      throw new ArgumentError("link delete", "", "told which");
    }
    return make(options, () => list);
  });

const kinds = subcommand(
  "List the kinds of link, or the options of one.\n\nA kind that is not listed " +
    "can be made too, without options; whether this kernel makes one is for it " +
    "to say.",
)
  .type("word", word)
  .arguments("[kind:word]", ["A kind, bridge_slave or bond_slave."])
  .example("The kinds", "netplumb link kinds")
  .example("The options of a bridge", "netplumb link kinds bridge")
  .action((options, kind) =>
    perform(options, ({ output }) => {
      for (const one of describeKinds(kind)) {
        output.event(one, describedText);
      }
    })
  );

export const link = subcommand()
  .example(
    "A pair of links",
    "netplumb link add veth0 --type veth peer name veth1",
  )
  .example("Set one up", "netplumb link set veth0 up")
  .command("add", add)
  .command("set", set)
  .command("delete", remove)
  .command("vlan", linkVlan)
  .command("kinds", kinds)
  .reset();
