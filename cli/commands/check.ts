// netplumb check and validate: compare the network with a configuration file, or
// only check the file.

import { file } from "../arguments.ts";
import { subcommand } from "../command.ts";
import { preview } from "../ensure/apply.ts";
import { readReported } from "../ensure/read.ts";
import { namespace } from "../namespace.ts";
import { printable } from "../output/printable.ts";
import { perform } from "../perform.ts";

export const check = subcommand(
  "Equivalent to ensure --dry-run: prints the differences, changes nothing, and " +
    "exits with 4 if there are any.",
)
  .type("file", file)
  .type("work-netns", namespace)
  .arguments("<file:file>", ["Configuration file; - is standard input."])
  .group("Namespace")
  .option(
    "--in, --netns <name:work-netns>",
    "Compare the top level of the file with this network namespace.",
  )
  .example("Compare the network with a file", "netplumb check net.yaml")
  .example(
    "Print the differences as JSON",
    "netplumb check net.yaml --json",
  )
  .action((options, path) =>
    perform(options, async (session) => {
      const { Reconciler } = await import(
        "../../lib/ensure/reconcile/reconciler.ts"
      );
      const { BUILT_IN, IGNORED_NAMES } = await import(
        "../../lib/ensure/parse/selection.ts"
      );
      const desired = await readReported(path, session.output);
      await using reconciler = await Reconciler.open(desired, {
        namespace: options.in,
      });
      await preview(reconciler, undefined, false, session);
      const isUsed = desired.namespaces.some(({ exclusive, ignored }) =>
        exclusive.size > 0 && ignored.includes(BUILT_IN)
      );
      if (!isUsed) return;
      session.output.event(
        { event: "ignored", names: IGNORED_NAMES },
        () => `not removed: links ${IGNORED_NAMES.join(", ")}`,
      );
    })
  );

export const validate = subcommand(
  "Prints every problem of the file with its position, and exits with 2 if there " +
    "are any. Needs no permissions and does not read the network.",
)
  .type("file", file)
  .arguments("<file:file>", ["Configuration file; - is standard input."])
  .example("Check a file before it is committed", "netplumb validate net.yaml")
  .example(
    "Print the problems as JSON",
    "netplumb validate net.yaml --json",
  )
  .action((options, path) =>
    perform(options, async ({ output }) => {
      const { namespaces } = await readReported(path, output);
      const links = namespaces.flatMap(({ links }) => links).length;
      output.event(
        { event: "valid", file: path, namespaces: namespaces.length, links },
        () => `${printable(path)} is valid`,
      );
    })
  );
