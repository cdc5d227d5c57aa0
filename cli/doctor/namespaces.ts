import { SystemError } from "../../ffi/errno.ts";
import {
  inNamespace,
  NETNS_DIRECTORY,
  TemporaryNamespace,
} from "../../lib/netns/namespace.ts";
import { type Check, readProc } from "./check.ts";

/** Whether network namespaces can be created and entered. */
export const namespaces: Check = {
  topic: "namespaces",
  needsFfi: true,
  async run() {
    const limit = readProc("/proc/sys/user/max_net_namespaces");
    const names = named();
    const details = { limit: Number(limit ?? NaN), named: names };
    const known = `${names} named in ${NETNS_DIRECTORY}`;
    try {
      await using namespace = TemporaryNamespace.create();
      inNamespace(namespace.path, () => {});
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return {
        status: "limited",
        found: `cannot be created (${error.code}), ${known}`,
        limits: "scenario, netns and the --netns options",
        advice: error.advice ?? "See namespaces(7)",
        details: { ...details, created: false, code: error.code },
      };
    }
    return {
      status: "ok",
      found: `can be created and entered, ${known}`,
      details: { ...details, created: true },
    };
  },
};

function named(): number {
  try {
    return [...Deno.readDirSync(NETNS_DIRECTORY)].length;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
