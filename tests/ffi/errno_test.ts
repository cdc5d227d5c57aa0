// Error numbers, names and sentences against the C library's; the numbers
// themselves are compared in uapi_test.ts.

import { assertEquals, assertThrows } from "@std/assert";
import {
  EACCES,
  EBADF,
  ENOENT,
  errnoName,
  ERRNOS,
  errnoText,
  SystemError,
} from "../../ffi/errno.ts";
import { O_RDONLY } from "../../ffi/uapi/fcntl.ts";
import { cString, errno, libc, unwrap } from "../../ffi/libc.ts";
import { runC } from "../support/c.ts";

// Opened out here: it stays open, and no test is to be charged with it.
const { close, open } = libc();

Deno.test("errno: names and sentences are those of strerrorname_np and strerror", async () => {
  const printed = await runC(
    "errors",
    `#include <stdio.h>
     #include <string.h>
     int main(void) {
       for (int n = 1; n <= 133; n++)
         if (strerrorname_np(n))
           printf("%d %s %s\\n", n, strerrorname_np(n), strerror(n));
     }`,
  );
  const theirs = printed.trim().toLowerCase().split("\n");
  const ours = Array.from({ length: 133 }, (_, index) => index + 1)
    .filter((n) => errnoName(n) !== `errno ${n}`)
    .map((n) => `${n} ${errnoName(n)} ${errnoText(n)}`.toLowerCase());
  assertEquals(ours, theirs);
});

Deno.test("errno: every constant is the number its name has in the table", async () => {
  const module: Record<string, unknown> = await import("../../ffi/errno.ts");
  const constants = Object.entries(module).filter(([, value]) =>
    typeof value === "number"
  );
  const numbers = new Map(ERRNOS.map(([number, name]) => [name, number]));
  for (const [name, value] of constants) {
    assertEquals(value, numbers.get(name), name);
  }
  assertEquals(constants.length > 10, true);
});

Deno.test("errno: one that has no name is still reported", () => {
  assertEquals(errnoName(4711), "errno 4711");
  const error = new SystemError("bind", 4711);
  assertEquals(error.code, "errno 4711");
  assertEquals(
    error.message,
    "bind: errno 4711, unknown error",
  );
});

Deno.test("SystemError: what was tried, the name, the sentence, the call, the advice", () => {
  assertEquals(
    new SystemError("bind", EACCES).message,
    "bind: EACCES, permission denied",
  );
  const error = new SystemError("bind", EACCES, {
    tried: "bind a UDP socket to 0.0.0.0:53",
    advice: "Take a higher port",
    capability: "CAP_NET_BIND_SERVICE",
  });
  assertEquals(
    error.message,
    "bind a UDP socket to 0.0.0.0:53: EACCES, permission denied (bind)." +
      " Take a higher port",
  );
  assertEquals(
    [error.name, error.syscall, error.errno, error.code, error.capability],
    ["SystemError", "bind", EACCES, "EACCES", "CAP_NET_BIND_SERVICE"],
  );
  assertEquals(error instanceof Error, true);
});

Deno.test("errno() is that of the call before, for each that fails", () => {
  assertEquals(close(-1), -1);
  assertEquals(errno(), EBADF);
  assertEquals(open(cString("/none/such"), O_RDONLY, 0), -1);
  assertEquals(errno(), ENOENT);
});

Deno.test("unwrap: a result that is no error passes, -1 becomes what errno says", () => {
  assertEquals(unwrap(0, "close"), 0);
  assertEquals(unwrap(7, "socket"), 7);
  const error = assertThrows(
    () => unwrap(close(-1), "close", { tried: "close nothing" }),
    SystemError,
    "close nothing: EBADF, bad file descriptor (close)",
  );
  assertEquals(error.errno, EBADF);
});
