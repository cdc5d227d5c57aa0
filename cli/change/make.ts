// Common options and actions of commands that change the network: namespace,
// --dry-run, report.

import type { Command, TypeHandler } from "@cliffy/command";
import { describeRequest, requestBytes } from "../../lib/netlink/describe.ts";
import type { NetlinkRequest } from "../../lib/netlink/transaction.ts";
import { Network } from "../../lib/rtnetlink/network.ts";
import type {
  Change,
  CreateAction,
} from "../../lib/rtnetlink/changes/change.ts";
import { type Reader, take } from "../../lib/rtnetlink/spec/value.ts";
import { routeNames } from "../../lib/rtnetlink/attribute_names.ts";
import type { GlobalOptions } from "../command.ts";
import { log } from "../log.ts";
import { namespace } from "../namespace.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { perform } from "../perform.ts";
import { messageText } from "./message_text.ts";

/** Common options of commands that change the network. */
export interface ChangeOptions extends GlobalOptions {
  /** The network namespace. */
  readonly in?: string;
  readonly dryRun?: true;
}

/**
 * Adds the common options, last in --help.
 *
 * @param flags The flags of the namespace. For links, `--netns` is the
 *   destination of a move, as with `ip`.
 */
export function changing(
  // deno-lint-ignore no-explicit-any -- any command
  command: Command<any>,
  flags = "--in, --netns",
  // deno-lint-ignore no-explicit-any -- as above
): Command<any> {
  return command
    .type("work-netns", namespace)
    .group("Execution")
    .option(`${flags} <name:work-netns>`, "Work in this network namespace.")
    .option(
      "--dry-run",
      "Print the netlink messages, decoded and in hexadecimal, without sending " +
        "them.",
    );
}

/** The type of an option that the library parses. */
export function reads<T>(reader: Reader<T>): TypeHandler<T> {
  return ({ name, value }) => take(name, value, reader);
}

/**
 * Prints a message of a dry run, or the action in place of one.
 *
 * @param beside Additional keys of the JSON objects.
 */
export function showMessage(
  output: Output,
  beside: Readonly<Record<string, unknown>>,
  request: NetlinkRequest | undefined,
  first?: CreateAction,
): void {
  if (first !== undefined) {
    const { description } = first;
    output.event(
      { event: "action", ...beside, description },
      () => printable(description),
    );
  }
  if (request === undefined) return;
  const description = describeRequest(request, routeNames);
  const hex = requestBytes(request).toHex();
  output.event(
    { event: "message", what: request.tried, ...beside, ...description, hex },
    (event) => messageText(event, output.style),
  );
}

/** Applies changes, or prints their messages. */
export function make(
  options: ChangeOptions,
  list: (network: Network) => readonly Change[] | Promise<readonly Change[]>,
): Promise<void> {
  return perform(options, async ({ output, signal }) => {
    await using network = Network.open({ namespace: options.in });
    const changes = await list(network);
    if (options.dryRun) {
      for (const { first, what } of changes) {
        showMessage(output, { what }, undefined, first);
      }
      using prepared = await network.prepare(changes, { signal });
      for (const request of prepared.requests.flat()) {
        showMessage(output, {}, request);
      }
      return;
    }
    let refused: Error | undefined;
    for (const result of await network.applyEach(changes, { signal })) {
      const { what } = result.change;
      if ("error" in result) {
        refused ??= result.error;
        const { code, message } = result.error;
        if (output.json) {
          output.object({ event: "refused", what, error: { code, message } });
        } else if (refused !== result.error) {
          log.error(message);
        }
        continue;
      }
      const { warnings } = result;
      for (const warning of warnings) {
        log.warn(`${printable(what)}: ${printable(warning)}`);
      }
      if (output.json) output.object({ event: "done", what, warnings });
    }
    if (refused !== undefined) throw refused;
  });
}
