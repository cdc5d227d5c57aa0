// Which exit code and sentence an error becomes.

import { ValidationError } from "@cliffy/command";
import { describeFailure } from "../../cli/failure.ts";
import { EACCES, EADDRINUSE, EPERM, SystemError } from "../../ffi/errno.ts";
import { ArgumentError } from "../../lib/errors.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import { assertEquals } from "@std/assert";

const code = (error: unknown) => describeFailure(error).code;

Deno.test("exit codes by what went wrong", () => {
  assertEquals(code(new ArgumentError("port", 1, "right")), 2);
  assertEquals(code(new ValidationError("no")), 2);
  assertEquals(code(new SystemError("bind", EADDRINUSE)), 1);
  assertEquals(code(new SystemError("bind", EACCES)), 77);
  assertEquals(code(new SystemError("ioctl", EPERM)), 77);
  assertEquals(
    code(new SystemError("bind", EADDRINUSE, { capability: "CAP_NET_RAW" })),
    77,
  );
  assertEquals(code(new Deno.errors.NotCapable("run with --allow-ffi")), 77);
  assertEquals(code(Object.assign(new Error("dump"), { exitCode: 3 })), 3);
  assertEquals(code(new Error("other")), 1);
  assertEquals(describeFailure("thrown"), { code: 1, sentence: "thrown" });
});

Deno.test("what netlink refuses is for want of a capability if it says no more", () => {
  const request = { type: 16, name: "RTM_NEWLINK", flags: 0, sequence: 0 };
  const refused = (errno: number, message?: string) =>
    describeFailure(new NetlinkError(request, errno, { message }));
  assertEquals(refused(EPERM), {
    code: 77,
    sentence: "RTM_NEWLINK: EPERM, operation not permitted. " +
      "Run as root or grant CAP_NET_ADMIN",
  });
  assertEquals(refused(EPERM, "the driver does not want to").code, 1);
  assertEquals(refused(EACCES, "IPv6 is disabled on this device").code, 1);
});

Deno.test("the capability is named once", () => {
  const sentence = (advice?: string) =>
    describeFailure(
      new SystemError("ioctl", EPERM, { advice, capability: "CAP_NET_ADMIN" }),
    ).sentence;
  assertEquals(
    sentence(),
    "ioctl: EPERM, operation not permitted. CAP_NET_ADMIN is needed",
  );
  assertEquals(
    sentence("It takes CAP_NET_ADMIN, or --user"),
    "ioctl: EPERM, operation not permitted. It takes CAP_NET_ADMIN, or --user",
  );
});

Deno.test("a failing clean-up does not hide the first error", async () => {
  const run = async () => {
    await using _resource = {
      [Symbol.asyncDispose]: () => Promise.reject(new Error("clean-up")),
    };
    throw new ArgumentError("port", 1, "right");
  };
  const error = await run().catch((error) => error);
  assertEquals(describeFailure(error), {
    code: 2,
    sentence: "port: 1 is not right",
  });
});

Deno.test("the words of iproute2: the command line that has them is suggested", () => {
  const suggested = (line: string, message = "Too many arguments: via") => {
    const words = line.split(" ");
    const { sentence } = describeFailure(new ValidationError(message), words);
    return /Did you mean "(.*)"\?$/.exec(sentence)?.[1];
  };
  for (
    const [line, meant] of [
      ["route add default via X", "netplumb ip route add default via X"],
      ["link set lo mtu 70000", "netplumb ip link set lo mtu 70000"],
      ["link list", "netplumb show link"],
      ["neighbour show dev lo", "netplumb ip neighbour show dev lo"],
      ["show link eth0", "netplumb show link --dev eth0"],
      ["show route 2001:db8::1", "netplumb route get 2001:db8::1"],
      ["show rule 5", undefined],
      ["link set lo --mtu 1400 up", undefined],
      ["tun one two", undefined],
    ] as const
  ) assertEquals(suggested(line), meant, line);
  assertEquals(
    suggested("link set lo mtu 70000", "Missing argument"),
    undefined,
  );
});
