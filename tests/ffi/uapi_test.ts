// Every layout and constant under ffi/uapi/ against the C compilers of both
// machines: everything that a layout file exports is compared, so that nothing can be
// added without a proof.

import { assert, assertEquals } from "@std/assert";
import { ERRNOS } from "../../ffi/errno.ts";
import { CMSG_ALIGN, CMSG_LEN, CMSG_SPACE } from "../../ffi/uapi/sys_socket.ts";
import { NLA_ALIGN, NLMSG_ALIGN } from "../../ffi/uapi/linux_netlink.ts";
import type { Layout } from "../../ffi/struct.ts";
import { output } from "../support/netns.ts";

const LAYOUTS = new URL("../../ffi/uapi/", import.meta.url);

const COMPILERS = {
  x86_64: "x86_64-linux-gnu-gcc",
  aarch64: "aarch64-linux-gnu-gcc",
};

/** What C says, as an expression, and what we say. */
type Claim = readonly [c: string, value: number];

interface Proof {
  readonly headers: readonly string[];
  /** Constants that only newer headers have: proven where these do. */
  readonly newer?: Readonly<Record<string, number>>;
  readonly claims: readonly Claim[];
}

/** The claims that a C compiler does not agree with. */
async function disproved(
  compiler: string,
  { headers, newer = {}, claims }: Proof,
): Promise<string[]> {
  const source = [
    ...headers.map((header) => `#include <${header}>`),
    ...Object.entries(newer).map(([name, value]) =>
      `#ifndef ${name}\n#define ${name} ${value}\n#endif`
    ),
    ...claims.map(([c, value], index) =>
      `_Static_assert((long long)(${c}) == ${value}LL, "claim ${index} ");`
    ),
  ].join("\n");
  const { code, stderr } = await output(
    compiler,
    ["-D_GNU_SOURCE", "-fsyntax-only", "-fmax-errors=0", "-xc", "-"],
    { stdin: source },
  );
  const wrong = [...stderr.matchAll(/static assertion failed: "claim (\d+) "/g)]
    .map(([, index]) => claims[Number(index)].join(" is not "));
  return code === 0 || wrong.length > 0 ? wrong : [stderr];
}

function isLayout(value: unknown): value is Layout {
  return typeof value === "object" && value !== null && "fields" in value;
}

function claimsOf(module: Record<string, unknown>): Claim[] {
  return Object.entries(module).flatMap(([name, value]): Claim[] => {
    if (typeof value === "number") return [[name, value]];
    if (!isLayout(value)) return [];
    const members = Object.entries(value.fields).flatMap((
      [member, { offset, size }],
    ): Claim[] => [
      [`__builtin_offsetof(${value.name}, ${member})`, offset],
      [`sizeof(((${value.name} *)0)->${member})`, size],
    ]);
    return [[`sizeof(${value.name})`, value.size], ...members];
  });
}

for (const [machine, compiler] of Object.entries(COMPILERS)) {
  for await (const entry of Deno.readDir(LAYOUTS)) {
    if (!entry.name.endsWith(".ts")) continue;
    Deno.test(`layout/${entry.name} is what C says on ${machine}`, async () => {
      const module = await import(new URL(entry.name, LAYOUTS).href);
      const { headers, newer = {}, machines = {} } = module;
      assert(Array.isArray(headers), "a layout file names its C headers");
      const own = machines[machine] ?? {};
      const claims = [module, newer, own].flatMap(claimsOf);
      assert(claims.length > 0);
      assertEquals(await disproved(compiler, { headers, newer, claims }), []);
    });
  }

  Deno.test(`the CMSG and NLMSG macros round as C's do on ${machine}`, async () => {
    const lengths = [0, 1, 3, 4, 5, 7, 8, 9, 12, 16, 20, 28, 255, 65535];
    const macros = { CMSG_ALIGN, CMSG_SPACE, CMSG_LEN, NLMSG_ALIGN, NLA_ALIGN };
    const claims = Object.entries(macros).flatMap(([name, macro]) =>
      lengths.map((length): Claim => [`${name}(${length})`, macro(length)])
    );
    const headers = ["sys/socket.h", "linux/netlink.h"];
    assertEquals(await disproved(compiler, { headers, claims }), []);
  });

  Deno.test(`errno numbers are those of errno.h on ${machine}`, async () => {
    const claims = ERRNOS.map(([number, name]): Claim => [name, number]);
    const headers = ["errno.h"];
    assertEquals(await disproved(compiler, { headers, claims }), []);
  });
}

Deno.test("a wrong claim does not pass for a proof", async () => {
  const proof = { headers: ["errno.h"], claims: [["EPERM", 2]] as Claim[] };
  for (const compiler of Object.values(COMPILERS)) {
    assertEquals(await disproved(compiler, proof), ["EPERM is not 2"]);
    const absent = { ...proof, headers: ["no/such/header.h"] };
    assert((await disproved(compiler, absent))[0].includes("no/such/header.h"));
  }
});
