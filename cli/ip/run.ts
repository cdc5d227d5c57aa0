// Runs an `ip` command line, or a file of them.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import process from "node:process";
import manifest from "../../deno.json" with { type: "json" };
import type { Session as Run } from "../perform.ts";
import { HelpRequest } from "./filter.ts";
import { helpOf } from "./help.ts";
import type { IpObject } from "./object.ts";
import { HELP, readOptions } from "./options.ts";
import { failureOf, say, Session } from "./session.ts";
import { choose, Failure, IpExit, usageError, Words } from "./words.ts";

/** The objects, in iproute2's order: an abbreviation is the first that fits. */
const OBJECTS: readonly (readonly [
  name: string,
  load: () => Promise<IpObject>,
])[] = [
  ["address", async () => (await import("./address.ts")).address],
  ["route", async () => (await import("./route.ts")).route],
  ["rule", async () => (await import("./rule.ts")).rule],
  ["neighbor", async () => (await import("./neighbour.ts")).neighbour],
  ["neighbour", async () => (await import("./neighbour.ts")).neighbour],
  ["link", async () => (await import("./link.ts")).link],
  ["netns", async () => (await import("./netns.ts")).netns],
  ["netconf", async () => (await import("./netconf.ts")).netconf],
  ["tunnel", async () => (await import("./tunnel.ts")).tunnel],
  ["nexthop", async () => (await import("./nexthop.ts")).nexthop],
];

/** Runs the command line after `ip`; returns the exit code. */
export async function runIp(
  args: readonly string[],
  { output, signal }: Run,
): Promise<number> {
  try {
    const { options, rest } = readOptions(args);
    if (options.version) {
      output.line(`ip utility, netplumb-${manifest.version}`);
      return 0;
    }
    await using session = new Session(options, output, signal);
    if (options.batch !== undefined) {
      return await runBatch(session, options.batch);
    }
    if (rest.length === 0) throw usageError(HELP);
    await runCommand(session, rest);
    return 0;
  } catch (error) {
    return report(error).code;
  }
}

function report(error: unknown): Failure {
  const failure = failureOf(error);
  // A program of `netns exec` has had its say.
  if (failure.message !== "") say(failure.message);
  return failure;
}

/** Runs one command: the object, the command, its words. */
export async function runCommand(
  session: Session,
  [object = "", ...rest]: readonly string[],
): Promise<void> {
  if (object === "help") throw usageError(HELP);
  const load = choose(object, OBJECTS);
  if (load === undefined) {
    throw new Failure(
      `Object ${JSON.stringify(object)} is unknown, try "ip help".`,
      IpExit.refused,
    );
  }
  const found = await load();
  const words = new Words(rest);
  try {
    if (words.done && found.otherwise !== undefined) {
      return await found.otherwise(session, words);
    }
    const verb = words.take();
    const command = choose(verb, found.commands);
    if (command !== undefined) {
      if (words.next === "help") throw new HelpRequest(object);
      return await command(session, words);
    }
    if (verb !== "help" && verb !== "") {
      throw usageError(
        `Command ${JSON.stringify(verb)} is unknown, try "ip ${object} help".`,
      );
    }
    throw new HelpRequest(object);
  } catch (error) {
    throw error instanceof HelpRequest
      ? usageError(helpOf(found, session, words))
      : error;
  }
}

/** Runs the lines of a file, or of stdin for "-". */
async function runBatch(session: Session, file: string): Promise<number> {
  const input = file === "-" ? process.stdin : createReadStream(file);
  let [code, number] = [0, 0];
  let line = "";
  try {
    for await (const text of createInterface({ input })) {
      number++;
      line += text;
      if (line.endsWith("\\")) {
        line = line.slice(0, -1);
        continue;
      }
      const words = splitWords(line);
      line = "";
      if (words.length === 0) continue;
      session.family = session.options.family;
      try {
        await runCommand(session, words);
      } catch (error) {
        const failure = report(error);
        if (failure.ends) return failure.code;
        say(`Command failed ${file}:${number}`);
        code = IpExit.refused;
        if (!session.options.force) break;
      }
    }
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new Failure(
      `Cannot open file "${file}" for reading: ${error.message}`,
      IpExit.refused,
    );
  } finally {
    if (file === "-") process.stdin.destroy();
  }
  return code;
}

/** The words of a line, without its comment; quotes keep spaces. */
function splitWords(line: string): string[] {
  const words = line.replace(/#.*/, "")
    .match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  return words.map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
}
