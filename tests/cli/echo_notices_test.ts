// What `netplumb echo` says of a host that grants less than it requests: a
// smaller receive buffer, no IPv6. Python requests the same from the kernel.

import { assert, assertEquals } from "@std/assert";
import { denoRun } from "../support/command.ts";
import { RunningProgram } from "../support/program.ts";
import { Lab, run } from "../support/netns.ts";
import { script, without } from "../support/script.ts";

const EFFECTIVE = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
print(s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2048)`;

Deno.test("echo: a receive buffer smaller than requested is reported", async () => {
  await using lab = await Lab.open("host");
  const kib = Number(await run("python3", ["-c", EFFECTIVE]));
  const start = (...under: string[]) =>
    new RunningProgram(
      { netns: lab.host },
      ...under,
      Deno.execPath(),
      ...denoRun(),
      ...["echo", "--port=0", "--bind=127.0.0.1", "--duration=300ms"],
    );
  await using limited = start(...without("net_admin"));
  const { code, stderr } = await limited.end();
  assertEquals(code, 0, stderr);
  const reported = `the receive buffer has ${kib} KiB of 4096`;
  assertEquals(stderr.includes(reported), kib < 4096, stderr);
  await using privileged = start();
  const { stderr: none } = await privileged.end();
  assert(!none.includes("the receive buffer has"), none);
});

Deno.test("echo: without IPv6 in the kernel it listens on IPv4, and says so", async () => {
  const { code, stdout, stderr } = await script(
    `
    import { setErrno, substitute } from "ffi:libc.ts";
    import { netplumb } from "lib:../cli/main.ts";
    import { run } from "lib:../cli/run.ts";
    const EAFNOSUPPORT = 97;
    const AF_INET6 = 10;
    // A kernel without IPv6 refuses to make the socket.
    substitute((real) => ({
      socket(domain, type, protocol) {
        if (domain !== AF_INET6) return real.socket(domain, type, protocol);
        setErrno(EAFNOSUPPORT);
        return -1;
      },
    }));
    const words = ["echo", "--port=0", "--duration=100ms", "--json"];
    await run(netplumb(words), words);`,
  );
  assertEquals(code, 0, stderr);
  const [listening] = stdout.split("\n");
  assertEquals(JSON.parse(listening).address, "0.0.0.0");
  assert(stderr.includes("no IPv6"), stderr);
});
