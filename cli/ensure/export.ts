// netplumb ensure --export: the current state as a configuration file.

import { stringify } from "yaml";
import { namespaceNames } from "../../lib/netns/named_namespace.ts";
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
  if (output.json) return output.object(configuration);
  // Texts that look like numbers stay texts: YAML quotes them.
  output.raw(stringify(configuration, { lineWidth: 0 }));
}
