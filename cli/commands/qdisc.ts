// netplumb qdisc and netplumb class: add, replace and delete queueing disciplines
// and classes.

import type { ArgumentValue } from "@cliffy/command";
import { ArgumentError } from "../../lib/errors.ts";
import {
  addClass,
  addQdisc,
  type ClassSpec,
  deleteClass,
  deleteQdisc,
  type QdiscSpec,
  replaceClass,
  replaceQdisc,
} from "../../lib/rtnetlink/changes/qdisc.ts";
import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import {
  QDISC_KINDS,
  qdiscKindNamed,
} from "../../lib/rtnetlink/qdiscs/list.ts";
import { linkName, word } from "../arguments.ts";
import { changing, make } from "../change/make.ts";
import { readWords } from "../change/words.ts";
import { subcommand } from "../command.ts";

const KINDS = QDISC_KINDS.filter(({ options }) => options !== undefined);

const UNITS = "Times are like 50ms, rates like 1mbit, sizes like 10kb, " +
  "probabilities like 1%.";

/** The options of each kind, for --help. */
const OPTIONS = KINDS.map(({ name, options }) =>
  [`${name}:`, Object.keys(options!).join(", ") || "no options"].join(" ")
).join("\n\n");

/** A keyword or value of the kind; a negative number is not an option. */
function kindWord(given: ArgumentValue): string {
  return /^-\d+$/.test(given.value) ? given.value : word(given);
}

function place(details: string) {
  return subcommand(details)
    .type("link", linkName)
    .type("word", word)
    .group("Place")
    .option(
      "--parent <id:word>",
      "Class that it is attached to, such as 1:10, or ingress (default: root).",
    )
    .option("--handle <id:word>", "Its id, such as 1:.");
}

function command(details: string, build: (spec: QdiscSpec) => Change) {
  return changing(
    place(`${details}\n\n${UNITS} Options of the kinds:\n\n${OPTIONS}`)
      .type("kind-word", kindWord)
      .arguments("<dev:link> <kind:word> [words...:kind-word]", [
        "Link.",
        "Kind of queueing discipline.",
        "Options of the kind, as in tc.",
      ]),
  ).action((options, dev: string, kind: string, ...words: string[]) => {
    const table = qdiscKindNamed(kind)?.options;
    if (table === undefined) {
      const names = KINDS.map(({ name }) => name).join(", ");
      throw new ArgumentError("kind", kind, `one of ${names}`);
    }
    const { parent, handle } = options;
    return make(options, () => [
      build({
        dev,
        kind,
        parent,
        handle,
        options: readWords(kind, table, words),
      }),
    ]);
  });
}

const add = command(
  "Add a queueing discipline; fail if there is one.",
  addQdisc,
)
  .example(
    "Delay packets and lose some",
    "netplumb qdisc add eth0 netem delay 50ms loss 1%",
  )
  .example(
    "Add a root for classes",
    "netplumb qdisc add eth0 htb default 10 --handle 1:",
  );

const replace = command(
  "Add a queueing discipline, or replace the one there.",
  replaceQdisc,
)
  .example(
    "Limit the rate of a link",
    "netplumb qdisc replace eth0 tbf rate 10mbit burst 32kb latency 50ms",
  )
  .example(
    "Print the netlink message only",
    "netplumb qdisc replace eth0 fq_codel target 5ms --dry-run",
  );

const remove = changing(
  place("Delete a queueing discipline; the kernel then uses its default.")
    .arguments("<dev:link>", ["Link."]),
)
  .example("Delete the one at the root", "netplumb qdisc delete eth0")
  .example(
    "Delete ingress or clsact",
    "netplumb qdisc delete eth0 --parent ingress",
  )
  .action((options, dev: string) => {
    const { parent, handle } = options;
    return make(options, () => [deleteQdisc({ dev, parent, handle })]);
  });

export const qdisc = subcommand()
  .example("Emulate a slow path", "netplumb qdisc add eth0 netem delay 50ms")
  .example("Show it with its counters", "netplumb show qdisc --statistics")
  .command("add", add)
  .command("replace", replace)
  .command("delete", remove)
  .reset();

const CLASS = qdiscKindNamed("htb")!.classOptions!;

function classCommand(details: string, build: (spec: ClassSpec) => Change) {
  return changing(
    subcommand(
      `${details}\n\n${UNITS} Options: ${Object.keys(CLASS).join(", ")}.`,
    )
      .type("link", linkName)
      .type("word", word)
      .type("kind-word", kindWord)
      .arguments("<dev:link> <classid:word> [words...:kind-word]", [
        "Link.",
        "Id of the class, such as 1:10.",
        "Options of the class, as in tc.",
      ])
      .group("Place")
      .option(
        "--parent <id:word>",
        "Class that it is in (default: the queueing discipline).",
      ),
  ).action((options, dev: string, classid: string, ...words: string[]) =>
    make(options, () => [
      build({
        dev,
        classid,
        parent: options.parent,
        options: readWords("class", CLASS, words),
      }),
    ])
  );
}

const addOne = classCommand("Add a class of htb; fail if it exists.", addClass)
  .example(
    "Guarantee a rate",
    "netplumb class add eth0 1:10 rate 1mbit ceil 10mbit",
  )
  .example(
    "Add a class to another one",
    "netplumb class add eth0 1:20 rate 500kbit prio 1 --parent 1:10",
  );

const replaceOne = classCommand(
  "Add a class of htb, or change the one there.",
  replaceClass,
)
  .example("Change a rate", "netplumb class replace eth0 1:10 rate 2mbit")
  .example(
    "Print the netlink message only",
    "netplumb class replace eth0 1:10 rate 2mbit --dry-run",
  );

const removeOne = changing(
  subcommand("Delete a class that has no classes.")
    .type("link", linkName)
    .type("word", word)
    .arguments("<dev:link> <classid:word>", ["Link.", "Id of the class."]),
)
  .example("Delete a class", "netplumb class delete eth0 1:10")
  .example(
    "Print the netlink message only",
    "netplumb class delete eth0 1:10 --dry-run",
  )
  .action((options, dev: string, classid: string) =>
    make(options, () => [deleteClass({ dev, classid })])
  );

export const trafficClass = subcommand()
  .example("Add a class", "netplumb class add eth0 1:10 rate 1mbit")
  .example("Show classes", "netplumb show class --dev eth0 --statistics")
  .command("add", addOne)
  .command("replace", replaceOne)
  .command("delete", removeOne)
  .reset();
