// With --json, every subcommand reports its failure as one JSON object on
// stderr, with the errno of the kernel.

import { assertEquals } from "@std/assert";
import { denoRun } from "../support/command.ts";
import { Lab, output } from "../support/netns.ts";

const ENODEV = [19, "ENODEV"];
const ENOENT = [2, "ENOENT"];
const EINVAL = [22, "EINVAL"];
const USAGE = [undefined, "EARGUMENT"];

/** Command lines that the kernel or the command refuses. */
const LINES: readonly (readonly [
  line: string,
  exitCode: number,
  error: readonly (number | string | undefined)[],
])[] = [
  ["link delete nosuch", 1, ENODEV],
  ["link set lo --master lo", 1, [95, "EOPNOTSUPP"]],
  ["address add 192.0.2.1/24 --dev nosuch", 1, ENODEV],
  ["route add 192.0.2.0/24 --via 203.0.113.1", 1, [101, "ENETUNREACH"]],
  ["route get 203.0.113.1", 1, [101, "ENETUNREACH"]],
  ["neighbour delete 192.0.2.1 --dev lo", 1, ENOENT],
  ["fdb delete 02:00:00:00:00:01 --dev nosuch", 1, ENODEV],
  ["rule delete --priority 7", 1, ENOENT],
  ["nexthop delete 7", 1, ENOENT],
  ["qdisc delete nosuch", 1, ENODEV],
  ["class delete nosuch 1:1", 1, ENODEV],
  ["show link --dev nosuch", 1, ENODEV],
  ["echo --bind 203.0.113.1 --port 0", 1, [99, "EADDRNOTAVAIL"]],
  ["send 203.0.113.1 9 x", 1, [101, "ENETUNREACH"]],
  ["tun lo", 1, EINVAL],
  ["monitor --netns /nosuch", 1, ENOENT],
  ["netns delete nosuch-netns", 1, ENOENT],
  ["topology --netns /nosuch", 1, ENOENT],
  ["ensure /nosuch", 2, USAGE],
  ["link set lo --mtu x", 2, USAGE],
  ["link nosuch", 2, [undefined, undefined]],
];

Deno.test("--json: every failure is an object on stderr with the errno", async () => {
  await using lab = await Lab.open("one");
  const script = new URL("../support/command_lines.ts", import.meta.url);
  const [ip, ...rest] = lab.one.exec;
  const stdin = LINES.map(([line]) => `${line} --json`).join("\n");
  const { code, stderr } = await output(
    ip,
    [...rest, Deno.execPath(), ...denoRun(script.pathname)],
    { stdin, env: { NO_COLOR: "1" } },
  );
  assertEquals(code, 0, stderr);
  const reported = stderr.trim().split(/^exit .*\n?/m);
  const seen = LINES.map(([line], at) => {
    const error = JSON.parse(reported[at]!.trim().split("\n").at(-1)!);
    const { event, exitCode, errno, code, message } = error;
    assertEquals([event, typeof message], ["error", "string"], line);
    return [line, exitCode, [errno, code]];
  });
  assertEquals(seen, LINES.map((line) => [...line]));
});
