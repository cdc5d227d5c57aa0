// netplumb netns: network namespaces by name, the ones of `ip netns`.

import { SystemError } from "../../ffi/errno.ts";
import { ArgumentError } from "../../lib/errors.ts";
import {
  NAMESPACE_ID,
  setNamespaceId,
} from "../../lib/rtnetlink/changes/namespace_id.ts";
import { command } from "../arguments.ts";
import { changing, make, reads } from "../change/make.ts";
import { subcommand } from "../command.ts";
import { log } from "../log.ts";
import { namespaceName } from "../namespace.ts";
import { printable } from "../output/printable.ts";
import { perform } from "../perform.ts";

const list = subcommand(
  "Print the names there are, and the ids by which this namespace knows them.",
)
  .example("Every named namespace", "netplumb netns list")
  .example("The names alone", "netplumb netns list --json | jq -r .name")
  .action((options) =>
    perform(options, async ({ output, signal }) => {
      const { namespaceNames } = await import(
        "../../lib/netns/named_namespace.ts"
      );
      const { namespaceIdOf } = await import(
        "../../lib/rtnetlink/namespace_id.ts"
      );
      const { RouteSocket } = await import("../../lib/rtnetlink/socket.ts");
      await using socket = RouteSocket.open();
      for (const name of namespaceNames()) {
        const id = await namespaceIdOf(socket, name, { signal }).catch(
          // A name that stands for nothing any more is still a name.
          (error) => {
            if (!(error instanceof SystemError)) throw error;
            log.warn(error.message);
            return undefined;
          },
        );
        output.event(
          { name, ...(id === undefined ? {} : { id }) },
          () => printable(name) + (id === undefined ? "" : ` (id: ${id})`),
        );
      }
    })
  );

const add = subcommand(
  "Make a namespace.\n\nIt lasts until it is deleted, whatever becomes of " +
    "this command. Its loopback interface is down.",
)
  .type("netns", namespaceName)
  .arguments("<name:netns>", ["Its name."])
  .option("--dry-run", "Say what would be done and do nothing.")
  .example("Make one", "netplumb netns add blue")
  .example("See whether one may", "netplumb netns add blue --dry-run")
  .action((options, name) =>
    perform(options, async ({ output }) => {
      const { addNamespace } = await import(
        "../../lib/netns/named_namespace.ts"
      );
      const what = `add network namespace ${name}`;
      if (!options.dryRun) addNamespace(name);
      if (options.dryRun || output.json) {
        const event = options.dryRun ? "would" : "done";
        output.event({ event, what }, () => `would ${printable(what)}`);
      }
    })
  );

const remove = subcommand(
  "Delete a namespace.\n\nIts name goes at once, and it with its name unless " +
    "a process or a socket is still in it.",
)
  .type("netns", namespaceName)
  .arguments("<name:netns>", ["Its name."])
  .option("--dry-run", "Say what would be done and do nothing.")
  .example("Delete one", "netplumb netns delete blue")
  .example(
    "Delete all",
    "netplumb netns list --json | jq -r .name | xargs -n 1 netplumb netns delete",
  )
  .action((options, name) =>
    perform(options, async ({ output }) => {
      const { deleteNamespace } = await import(
        "../../lib/netns/named_namespace.ts"
      );
      const what = `delete network namespace ${name}`;
      if (!options.dryRun) deleteNamespace(name);
      if (options.dryRun || output.json) {
        const event = options.dryRun ? "would" : "done";
        output.event({ event, what }, () => `would ${printable(what)}`);
      }
    })
  );

const set = changing(
  subcommand(
    "Give a namespace the id by which another one is to know it.\n\nIt keeps it " +
      "for as long as both are there; without one it gets one when a link of one " +
      "speaks of the other.",
  )
    .type("netns", namespaceName)
    .type("id", reads(NAMESPACE_ID))
    .arguments("<name:netns> <id:id>", ["Its name.", "The id, or auto."]),
)
  .example("One of your own choice", "netplumb netns set blue 7")
  .example("For another namespace", "netplumb netns set blue auto --in green")
  .action((options, name: string, id: number | "auto") =>
    make(options, () => [setNamespaceId(name, id)])
  );

const exec = subcommand(
  "Run a program in a namespace.\n\nIt sees /sys of that namespace, and the " +
    "files of /etc/netns/NAME in /etc, as with `ip netns exec`. The exit code " +
    "is the program's own.",
)
  .type("netns", namespaceName)
  .type("command", command)
  // Where it stops early, cliffy 1.2 knows optional words only, as they are.
  .arguments("[name:netns] [command...:command]", [
    "Where.",
    "The program, and what it is given; -- may stand before it.",
  ])
  .stopEarly()
  .example("A shell", "netplumb netns exec blue bash")
  .example("Its links", "netplumb netns exec blue ip -j link")
  .action(async function (_options, name, ...words) {
    const place = { label: "Argument", type: "netns", name: "name" };
    const netns = namespaceName({ ...place, value: name ?? "" });
    const literal = this.getLiteralArgs();
    // A second -- belongs to the program.
    const [program, ...rest] = words.length === 0
      ? literal
      : literal.length === 0
      ? words
      : [...words, "--", ...literal];
    if (program === undefined) {
      throw new ArgumentError("command", "", "a program to run");
    }
    const { execute } = await import("../netns/execute.ts");
    await execute(netns, program, rest);
  });

export const netns = subcommand(
  "The names are those of `ip netns`, files under /run/netns: what one of the " +
    "two commands makes, the other sees.",
)
  .example("Make one", "netplumb netns add blue")
  .example("Run something in it", "netplumb netns exec blue ip link")
  .command("list", list)
  .command("add", add)
  .command("delete", remove)
  .command("set", set)
  .command("exec", exec)
  .reset();
