// Wrong command lines have the exit code and the message that they have with the
// real @cliffy/command. They were recorded with it:
//
//   NETPLUMB_RECORD=1 deno task test:upstream FOLDER tests/links/wrong_command_lines_test.ts

import { assertEquals } from "@std/assert";
import { describeFailure } from "../../cli/failure.ts";
import { netplumb } from "../../cli/main.ts";
// Opened before the tests, whose leaks are checked.
import "../../ffi/libc.ts";

const LINES = [
  "ech",
  "nothing at all",
  "--none",
  "--log-level",
  "--log-level none",
  "echo --none",
  "echo --prt 1",
  "echo --port",
  "echo --port x",
  "echo --port -1",
  "echo --port 70000",
  "echo --port 1.5",
  "echo --port 1 --port 2",
  "echo --family 5",
  "echo --family",
  "echo --workers none",
  "echo --duration 5 s",
  "echo --duration later",
  "echo surplus",
  "echo one two",
  "echo --json=maybe",
  "send",
  "send --count 1",
  "send 127.0.0.1 port",
  "send 127.0.0.1 70000 x",
  "send 127.0.0.1 1 x --timeout",
  "send 127.0.0.1 1 x y",
  "send 127.0.0.1 1 --count none",
  "tun one two",
  "tun --mtu",
  "tun --mtu big",
  "tun --queues 0",
  "tun --address",
  "monitor nothing",
  "monitor link nothing",
  "monitor --count",
  "monitor --count none",
  "monitor --receive-buffer 0",
  "monitor --all-netns --netns a",
  "monitor --all-netn",
  "show nothing",
  "show link --none",
  "show link one two",
  "show link --netns",
  "show link eth0",
  "show link list",
  "show route 192.0.2.1",
  "show rout",
  "link nothing",
  "link add",
  "link set",
  "link set lo mtu 70000",
  "link list",
  "route flush",
  "address show dev lo",
  "address add",
  "address nothing",
  "route nothing",
  "route --none",
  "netns nothing",
  "netns add",
  "ensure",
  "ensure a b",
  "ensure a --none",
  "topology --format pdf",
  "topology --format",
  "topology --watch --format svg",
  "topology --all-netns --netns a",
  "view --listen",
  "view --interval none",
  "top --interval none",
  "top x",
  "scenario none",
  "doctor x",
  "completions tcsh",
  "completions",
] as const;

/** A command line that is refused. */
interface Refused {
  readonly line: string;
  readonly code: number;
  readonly message: string;
}

async function refused(line: string): Promise<Refused> {
  const words = line.split(" ");
  const tree = await netplumb(words);
  try {
    await tree.reset().noExit().parse(words);
  } catch (error) {
    const { code, sentence } = describeFailure(error, words);
    return { line, code, message: sentence };
  }
  throw new Error(`accepted: ${line}`);
}

const RECORD = new URL("wrong_command_lines.json", import.meta.url);

Deno.test("wrong command lines have the exit codes and messages of the real package", async () => {
  const outcomes: Refused[] = [];
  for (const line of LINES) outcomes.push(await refused(line));
  if (Deno.env.has("NETPLUMB_RECORD")) {
    await Deno.writeTextFile(RECORD, JSON.stringify(outcomes, null, 2) + "\n");
  }
  assertEquals(outcomes, JSON.parse(await Deno.readTextFile(RECORD)));
});
