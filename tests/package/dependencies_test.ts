// Which directory may import which: imports point one way, types included.

import { assert, assertEquals } from "@std/assert";
import {
  circles,
  loadedBy,
  moduleGraph,
  sourceFiles,
} from "../support/module_graph.ts";

/**
 * The layer of each file: the longest path that it begins with decides. A move
 * of files changes this table alone.
 */
const LAYER_OF: Readonly<Record<string, string>> = {
  "ffi/": "ffi",
  "lib/clock.ts": "base",
  "lib/errors.ts": "base",
  "lib/io/": "io",
  "lib/net/": "net",
  "lib/netns/": "netns",
  "lib/socket/": "socket",
  "lib/packet/": "packet",
  "lib/udp/": "udp",
  "lib/tun/": "tun",
  "lib/netlink/": "netlink",
  "lib/rtnetlink/": "rtnetlink",
  "lib/iproute2/": "iproute2",
  "lib/ensure/": "ensure",
  "lib/packet/mod.ts": "entry point",
  "lib/udp/mod.ts": "entry point",
  "lib/tun/mod.ts": "entry point",
  "lib/netlink/mod.ts": "entry point",
  "lib/rtnetlink/mod.ts": "entry point",
  "lib/ensure/mod.ts": "entry point",
  "mod.ts": "entry point",
  "cli/": "cli",
};

const LIBRARY = [
  "ffi",
  "base",
  "io",
  "net",
  "netns",
  "socket",
  "packet",
  "udp",
  "tun",
  "netlink",
  "rtnetlink",
  "iproute2",
  "ensure",
];

/** The layers that each may import, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  ffi: [],
  base: ["ffi"],
  io: ["ffi", "base"],
  net: ["ffi", "base"],
  netns: ["ffi", "base", "io", "net"],
  socket: ["ffi", "base", "io", "net", "netns"],
  packet: ["base", "net"],
  udp: ["ffi", "base", "io", "net", "netns", "socket"],
  tun: ["ffi", "base", "io", "net", "netns", "socket", "packet"],
  netlink: ["ffi", "base", "io", "net", "netns", "socket"],
  rtnetlink: ["ffi", "base", "io", "net", "netns", "socket", "netlink"],
  iproute2: ["ffi", "base", "net", "netlink", "rtnetlink"],
  ensure: ["ffi", "base", "io", "net", "netns", "netlink", "rtnetlink"],
  "entry point": LIBRARY,
  cli: [...LIBRARY, "entry point"],
};

/** Imports that break the rules, each with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "lib/rtnetlink/changes/persistent_tun.ts -> lib/tun/device.ts":
    "the kernel makes persistent TUN links by ioctl, not by rtnetlink",
};

const ROOTS = ["mod.ts", ...sourceFiles("ffi", "lib", "cli")];
const graph = await moduleGraph(ROOTS);

function layer(file: string): string {
  const prefix = Object.keys(LAYER_OF)
    .filter((path) =>
      file === path || path.endsWith("/") && file.startsWith(path)
    )
    .reduce((a, b) => b.length > a.length ? b : a, "");
  const found = LAYER_OF[prefix];
  assert(found !== undefined, `${file} belongs to no layer`);
  return found;
}

Deno.test("dependencies: each layer imports only what lies below it", () => {
  const unused = new Set(Object.keys(EXCEPTIONS));
  const wrong = ROOTS.flatMap((file) => {
    const from = layer(file);
    return (graph.get(file) ?? []).filter(({ target }) =>
      ROOTS.includes(target)
    ).flatMap(({ target }) => {
      const to = layer(target);
      if (to === from || MAY_IMPORT[from].includes(to)) return [];
      const edge = `${file} -> ${target}`;
      return unused.delete(edge) || edge in EXCEPTIONS
        ? []
        : [`${edge} (${from} -> ${to})`];
    });
  });
  assertEquals(wrong, []);
  assertEquals([...unused], [], "exceptions that are not needed any more");
});

Deno.test("dependencies: no files import each other, not even types", () => {
  // Types of links/ are upstream's, whose commands, types and handlers refer to
  // each other.
  const own = new Map(
    [...graph].map(([file, imports]) => [
      file,
      file.startsWith("links/")
        ? imports.filter(({ typesOnly }) => !typesOnly)
        : imports,
    ]),
  );
  assertEquals(circles(own), []);
});

Deno.test("dependencies: only the command imports packages", () => {
  const named = ROOTS.filter((file) => !file.startsWith("cli/"))
    .flatMap((file) =>
      (graph.get(file) ?? []).filter(({ specifier }) =>
        !specifier.startsWith("./") && !specifier.startsWith("../")
      ).map(({ specifier }) => `${file}: ${specifier}`)
    );
  assertEquals(named, []);
});

/** How many files each entry point loads, at most. */
const FILES: Readonly<Record<string, number>> = {
  "lib/udp/mod.ts": 60,
  "lib/tun/mod.ts": 64,
  "lib/packet/mod.ts": 46,
  "lib/netlink/mod.ts": 52,
  "lib/rtnetlink/mod.ts": 252,
  "lib/ensure/mod.ts": 283,
  "mod.ts": 364,
};

for (const [entry, most] of Object.entries(FILES)) {
  Deno.test(`dependencies: ${entry} loads at most ${most} files`, () => {
    const files = loadedBy(graph, entry);
    assert(files.size <= most, `${files.size}:\n${[...files].join("\n")}`);
  });
}
