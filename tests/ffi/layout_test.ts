// Every layout and constant under ffi/layout/ against the C compiler: whatever
// a layout file exports is compared, so nothing can be added without a proof.

import { assert, assertEquals } from "@std/assert";
import { Errno } from "../../ffi/errno.ts";
import {
  CMSG_ALIGN,
  CMSG_LEN,
  CMSG_SPACE,
} from "../../ffi/layout/sys_socket.ts";
import { NLA_ALIGN, NLMSG_ALIGN } from "../../ffi/layout/linux_netlink.ts";
import type { Layout } from "../../ffi/struct.ts";
import { runC } from "../support/c.ts";

const LAYOUTS = new URL("../../ffi/layout/", import.meta.url);

function isLayout(value: unknown): value is Layout {
  return typeof value === "object" && value !== null && "fields" in value;
}

for await (const entry of Deno.readDir(LAYOUTS)) {
  if (!entry.name.endsWith(".ts")) continue;
  Deno.test(`layout/${entry.name} is what the C compiler says`, async () => {
    const module: Record<string, unknown> = await import(
      new URL(entry.name, LAYOUTS).href
    );
    const { headers, newer = {} } = module;
    assert(Array.isArray(headers), "a layout file names its C headers");

    const lines: string[] = [];
    const ours: string[] = [];
    // Constants that only newer headers have: proven where this one does.
    const fallbacks = Object.entries(newer as Record<string, number>);
    const expect = (label: string, c: string, value: number) => {
      lines.push(`  printf("${label} %lld\\n", (long long)(${c}));`);
      ours.push(`${label} ${value}`);
    };
    for (const [key, value] of [...Object.entries(module), ...fallbacks]) {
      if (typeof value === "number") {
        expect(key, key, value);
      } else if (isLayout(value)) {
        expect(`sizeof ${key}`, `sizeof(${value.name})`, value.size);
        for (const [name, field] of Object.entries(value.fields)) {
          const member = `((${value.name} *)0)->${name}`;
          expect(
            `offsetof ${key} ${name}`,
            `(char *)&${member} - (char *)0`,
            field.offset,
          );
          expect(`sizeof ${key} ${name}`, `sizeof(${member})`, field.size);
        }
      }
    }
    const printed = await runC(
      "layout",
      [
        "#include <stdio.h>",
        ...headers.map((header) => `#include <${header}>`),
        ...fallbacks.map(([key, value]) =>
          `#ifndef ${key}\n#define ${key} ${value}\n#endif`
        ),
        "int main(void) {",
        ...lines,
        "}",
      ].join("\n"),
    );
    assertEquals(printed.trim().split("\n"), ours);
  });
}

Deno.test("the CMSG and NLMSG macros round as C's do", async () => {
  const lengths = [0, 1, 3, 4, 5, 7, 8, 9, 12, 16, 20, 28, 255, 65535];
  const printed = await runC(
    "macros",
    `#include <stdio.h>
     #include <sys/socket.h>
     #include <linux/netlink.h>
     int main(void) {
       int n[] = {${lengths.join(",")}};
       for (unsigned i = 0; i < sizeof n / sizeof *n; i++)
         printf("%d %d %d %d %d\\n", (int)CMSG_ALIGN(n[i]),
           (int)CMSG_SPACE(n[i]), (int)CMSG_LEN(n[i]),
           (int)NLMSG_ALIGN(n[i]), (int)NLA_ALIGN(n[i]));
     }`,
  );
  const ours = lengths.map((n) =>
    [CMSG_ALIGN(n), CMSG_SPACE(n), CMSG_LEN(n), NLMSG_ALIGN(n), NLA_ALIGN(n)]
      .join(" ")
  );
  assertEquals(printed.trim().split("\n"), ours);
});

Deno.test("errno numbers are those of errno.h", async () => {
  const names = Object.keys(Errno);
  const printed = await runC(
    "errno",
    `#include <stdio.h>
     #include <errno.h>
     int main(void) {
       ${names.map((name) => `printf("${name} %d\\n", ${name});`).join("\n")}
     }`,
  );
  assertEquals(
    printed.trim().split("\n"),
    names.map((name) => `${name} ${Errno[name]}`),
  );
});
