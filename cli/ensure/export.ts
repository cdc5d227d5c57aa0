// netplumb ensure --export: the current state as a configuration file.

import { stringify } from "yaml";
import { namespaceNames } from "../../lib/netns/named_namespace.ts";
import type { Output } from "../output/output.ts";
import type { Session } from "../perform.ts";

/** Prints the state of this namespace, or of all. */
export async function exportState(
  { in: namespace, allNetns }: { in?: string; allNetns?: true },
  { output, signal }: Session,
): Promise<void> {
  const { exportConfiguration } = await import(
    "../../lib/ensure/export/export.ts"
  );
  const configuration = await exportConfiguration({
    namespace,
    namespaces: allNetns
      ? namespaceNames().filter((name) => name !== namespace)
      : [],
    signal,
  });
  printConfiguration(configuration, output);
}

/** Prints a configuration as YAML, or as JSON. */
export function printConfiguration(
  configuration: unknown,
  output: Output,
): void {
  if (output.json) return output.object(configuration as object);
  // Texts that look like numbers stay texts: YAML quotes them.
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  output.raw(stringify(configuration, options));
}
