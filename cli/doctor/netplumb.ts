import manifest from "../../deno.json" with { type: "json" };
import { FORMATS } from "../formats.ts";
import type { Check } from "./check.ts";

/** The version of netplumb and the distribution, for reports of bugs. */
export const netplumb: Check = {
  topic: "netplumb",
  run() {
    const { version } = manifest;
    const name = distribution();
    return {
      status: "ok",
      found: `${version}${name === undefined ? "" : ` on ${name}`}`,
      details: { version, distribution: name ?? null, formats: FORMATS },
    };
  },
};

/** PRETTY_NAME of os-release(5); undefined without the file or the permission. */
function distribution(): string | undefined {
  try {
    const text = Deno.readTextFileSync("/etc/os-release");
    return /^PRETTY_NAME=(["']?)(.*)\1$/m.exec(text)?.[2];
  } catch {
    return undefined;
  }
}
