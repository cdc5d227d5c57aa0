// What `netplumb doctor` says, against what the system itself says.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { runC } from "../support/c.ts";
import { denoRun } from "../support/command.ts";
import { Lab, output, run } from "../support/netns.ts";

interface Line {
  topic: string;
  status: string;
  found: string;
  limits?: string;
  advice?: string;
  details: Record<string, unknown>;
}

const DOCTOR = [Deno.execPath(), ...denoRun(), "doctor", "--json"];

function parse(stdout: string): Record<string, Line> {
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  return Object.fromEntries(lines.map((line: Line) => [line.topic, line]));
}

/** Runs it behind another program, such as setpriv. */
async function doctor(...before: string[]): Promise<Record<string, Line>> {
  const [command, ...args] = [...before, ...DOCTOR];
  return parse(await run(command, args));
}

/** Words that run a program as root, but without these capabilities. */
const without = (caps: string) => [
  "setpriv",
  `--bounding-set=${caps}`,
  "--inh-caps=-all",
];

Deno.test("doctor finds what the system's own tools find", async () => {
  const found = await doctor();
  assertEquals(found["netplumb"].details, {
    version: manifest.version,
    distribution: await run("sh", [
      "-c",
      '. /etc/os-release && printf %s "$PRETTY_NAME"',
    ]),
    formats: { configuration: 1, events: 1 },
  });
  assertEquals(
    found["kernel"].details.release,
    (await run("uname", ["-r"])).trim(),
  );
  assertEquals(
    found["libc"].details.version,
    (await run("getconf", ["GNU_LIBC_VERSION"])).trim(),
  );
  assertEquals(
    found["socket buffers"].details.receiveLimit,
    Number(await run("sysctl", ["-n", "net.core.rmem_max"])),
  );
  const errno = await runC(
    "io_uring",
    `#include <errno.h>
     #include <stdio.h>
     #include <sys/syscall.h>
     #include <unistd.h>
     int main(void) { syscall(SYS_io_uring_setup, 0, 0); printf("%d", errno); }`,
  );
  const [EFAULT, EINVAL] = ["14", "22"];
  assertEquals(
    found["io_uring"].details.present,
    [EFAULT, EINVAL].includes(errno),
  );
  assertEquals(found["deno"].details.version, Deno.version.deno);
});

Deno.test("doctor as root finds nothing limited by permissions", async () => {
  const found = await doctor();
  const topics = ["capabilities", "namespaces", "TUN/TAP", "socket buffers"];
  for (const topic of topics) {
    assertEquals(found[topic].status, "ok", JSON.stringify(found[topic]));
  }
});

Deno.test("doctor without privileges works and says what it lacks", async () => {
  const found = await doctor(...without("-all"));
  assertEquals(found["capabilities"].details.effective, []);
  assertEquals(found["capabilities"].status, "limited");
  assertStringIncludes(found["capabilities"].limits!, "CAP_NET_ADMIN");
  assertEquals(found["namespaces"].details.created, false);
  assertEquals(found["socket buffers"].details.force, false);
  assertEquals(found["TUN/TAP"].status, "limited");
  assertEquals(found["TUN/TAP"].details.code, "EPERM");
  assertEquals(found["UDP GSO and GRO"].status, "ok");
});

Deno.test("doctor distinguishes missing capabilities", async () => {
  const found = await doctor(...without("-net_admin"));
  assertEquals(found["capabilities"].details.absent, ["CAP_NET_ADMIN"]);
  assertEquals(found["namespaces"].status, "ok");
  assertEquals(found["socket buffers"].status, "limited");
});

Deno.test("doctor knows which kinds of link can be made, without making any", async () => {
  const { details } = (await doctor(...without("-all")))["link kinds"];
  const { present, loadable, absent } = details as Record<string, string[]>;
  assert([...present, ...loadable].includes("veth"), "not even veth");
  await using lab = await Lab.open("bare");
  for (const kind of [...present, ...absent]) {
    const { stderr } = await output(
      "ip",
      ["-n", lab.bare.name, "link", "add", "probe0", "type", kind],
    );
    assertEquals(
      stderr.includes("Unknown device type"),
      absent.includes(kind),
      `${kind}: ${stderr}`,
    );
    await output("ip", ["-n", lab.bare.name, "link", "delete", "probe0"]);
  }
  assertEquals(loadable.filter((kind) => present.includes(kind)), []);
});

Deno.test("doctor sees a network without addresses", async () => {
  await using lab = await Lab.open("bare");
  await lab.bare.ip("link set lo down");
  const [command, ...args] = DOCTOR;
  const found = parse(await lab.bare.run(command, args));
  assertEquals(found["IPv6"].status, "limited");
  assertEquals(found["UDP GSO and GRO"].status, "unknown");
});

Deno.test("doctor without FFI says so and exits 1", async () => {
  const args = [...denoRun(), "doctor"].flatMap((arg) =>
    arg === "-A" ? ["--no-prompt", "--allow-read", "--allow-env"] : [arg]
  );
  const { code, stdout, stderr } = await output(Deno.execPath(), args);
  assertEquals({ code, stderr }, { code: 1, stderr: "" });
  assertStringIncludes(stdout, "FFI not allowed");
  assertStringIncludes(stdout, "fix    Run with -A or --allow-ffi");
});
