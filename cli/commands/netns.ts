// netplumb netns: named network namespaces, shared with `ip netns`.

import { SystemError } from "../../ffi/errno.ts";
import { ArgumentError } from "../../lib/errors.ts";
import {
  NAMESPACE_ID,
  setNamespaceId,
} from "../../lib/rtnetlink/changes/namespace_id.ts";
import { programArgument } from "../arguments.ts";
import { changing, make, reads } from "../change/make.ts";
import { subcommand } from "../command.ts";
import { log } from "../log.ts";
import { namespaceName } from "../namespace.ts";
import { printable } from "../output/printable.ts";
import { perform } from "../perform.ts";

const list = subcommand(
  "Print the names and the namespace ids in the current namespace.",
)
  .example("List all named namespaces", "netplumb netns list")
  .example("Print only the names", "netplumb netns list --json | jq -r .name")
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
          // The file may no longer refer to a namespace.
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

/** A command that adds or deletes a name, with --dry-run. */
function command(
  details: string,
  verb: "add" | "delete",
) {
  return subcommand(details)
    .type("netns", namespaceName)
    .arguments("<name:netns>", ["Name of the namespace."])
    .option("--dry-run", "Print the action without taking it.")
    .action((options, name) =>
      perform(options, async ({ output }) => {
        const { addNamespace, deleteNamespace } = await import(
          "../../lib/netns/named_namespace.ts"
        );
        const what = `${verb} network namespace ${name}`;
        if (!options.dryRun) {
          if (verb === "add") addNamespace(name);
          else deleteNamespace(name);
        }
        if (options.dryRun || output.json) {
          const event = options.dryRun ? "planned" : "done";
          output.event({ event, what }, () => `would ${printable(what)}`);
        }
      })
    );
}

const add = command(
  "Add a network namespace.\n\nIt exists until it is deleted. Its loopback " +
    "interface is down.",
  "add",
)
  .example("Add a namespace", "netplumb netns add blue")
  .example("Print the action only", "netplumb netns add blue --dry-run");

const remove = command(
  "Delete a network namespace.\n\nThe name is deleted immediately; the " +
    "namespace exists as long as a process or socket uses it.",
  "delete",
)
  .example("Delete a namespace", "netplumb netns delete blue")
  .example(
    "Delete all namespaces",
    "netplumb netns list --json | jq -r .name | xargs -n 1 netplumb netns delete",
  );

const set = changing(
  subcommand(
    "Set the id of a namespace in another namespace.\n\nThe id cannot be " +
      "changed. The kernel assigns one when a link refers to the other namespace.",
  )
    .type("netns", namespaceName)
    .type("id", reads(NAMESPACE_ID))
    .arguments("<name:netns> <id:id>", [
      "Name of the namespace.",
      "Namespace id, or auto.",
    ]),
)
  .example("Set an id", "netplumb netns set blue 7")
  .example(
    "Let the kernel choose, in another namespace",
    "netplumb netns set blue auto --in green",
  )
  .action((options, name: string, id: number | "auto") =>
    make(options, () => [setNamespaceId(name, id)])
  );

const exec = subcommand(
  "Run a program in a network namespace.\n\n/sys is mounted for the namespace " +
    "and files of /etc/netns/NAME are bound over /etc, as with `ip netns exec`. " +
    "The exit code is that of the program.",
)
  .type("netns", namespaceName)
  .type("command", programArgument)
  // With stopEarly(), cliffy 1.2 supports only optional arguments, unparsed.
  .arguments("[name:netns] [command...:command]", [
    "Name of the namespace.",
    "Program and arguments, optionally after --.",
  ])
  .stopEarly()
  .example("Run a shell", "netplumb netns exec blue bash")
  .example(
    "List the links of a namespace",
    "netplumb netns exec blue ip -j link",
  )
  .action(async function (_options, name, ...words) {
    const argument = { label: "Argument", type: "netns", name: "name" };
    const netns = namespaceName({ ...argument, value: name ?? "" });
    const literal = this.getLiteralArgs();
    // A second -- is an argument of the program.
    const [program, ...rest] = words.length === 0
      ? literal
      : literal.length === 0
      ? words
      : [...words, "--", ...literal];
    if (program === undefined) {
      throw new ArgumentError("command", "", "a program to run");
    }
    Deno.exitCode = await execute(netns, program, rest);
  });

/** Signals that the terminal also sends to the program. */
const SHARED = ["SIGINT", "SIGQUIT"] as const;
/** Signals that are sent to this process only. */
const FORWARDED = ["SIGTERM", "SIGHUP"] as const;

/** Runs a program in a namespace to its end; returns its exit code. */
export async function execute(
  namespace: string,
  program: string,
  args: string[],
): Promise<number> {
  const { inNamespaceView } = await import(
    "../../lib/netns/namespace_view.ts"
  );
  const command = new Deno.Command(program, { args });
  let child: Deno.ChildProcess | undefined;
  const forward = (name: Deno.Signal) => {
    try {
      child?.kill(name);
    } catch { /* it has ended */ }
  };
  const handlers = [
    ...SHARED.map((name) => ({ name, handle() {} })),
    ...FORWARDED.map((name) => ({ name, handle: () => forward(name) })),
  ];
  // Before the program starts: a signal must not end this process alone.
  for (const { name, handle } of handlers) Deno.addSignalListener(name, handle);
  try {
    // A child starts in the namespace of the thread that spawns it.
    child = inNamespaceView(namespace, () => command.spawn());
    const { code } = await child.status;
    return code;
  } catch (error) {
    // The exit codes of a shell.
    if (error instanceof Deno.errors.NotFound) {
      throw new NotStarted(`${program}: program not found`, 127);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new NotStarted(`${program}: permission denied`, 126);
    }
    throw error;
  } finally {
    for (const { name, handle } of handlers) {
      Deno.removeSignalListener(name, handle);
    }
  }
}

/** A program that did not start. */
class NotStarted extends Error {
  constructor(message: string, readonly exitCode: number) {
    super(message);
  }
}

export const netns = subcommand(
  "Names are files in /run/netns, shared with `ip netns`.",
)
  .example("Add a namespace", "netplumb netns add blue")
  .example("Run a program in it", "netplumb netns exec blue ip link")
  .command("list", list)
  .command("add", add)
  .command("delete", remove)
  .command("set", set)
  .command("exec", exec)
  .reset();
