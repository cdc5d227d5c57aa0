// `netplumb ip tunnel` beside `ip tunnel`, which asks the kernel by ioctl(2).
// The latter adds only where the namespace has the kernel's own tunnels, so that
// its side is made with `ip link`.

import { assertEquals } from "@std/assert";
import { runOurs, runTheirs } from "../../support/ip_beside.ts";
import { testWith } from "../../support/kinds.ts";
import { Lab, type Netns } from "../../support/netns.ts";

const V4 = "remote 192.0.2.1 local 192.0.2.2";
const V6 = "remote 2001:db8::1 local 2001:db8::2";

/** Words of `ip link add` and those of `ip tunnel add` for the same link. */
const ADDED: readonly (readonly [link: string, tunnel: string])[] = [
  [`gre1 type gre ${V4} ttl 9 key 5`, `gre1 ${V4} ttl 9 key 5`],
  [
    `g2 type gre ${V4} ikey 7 okey 1.2.3.4 seq csum dev v0 tos 0x10`,
    `mode gre ${V4} ikey 7 okey 1.2.3.4 seq csum dev v0 dsfield 10 name g2`,
  ],
  [
    "g3 type gre remote 192.0.2.5 local any nopmtudisc tos inherit iseq ocsum",
    "g3 mode gre/ip nopmtudisc tos inherit iseq remote 192.0.2.5 ocsum",
  ],
  [`i1 type ipip mode ipip ${V4} tos 11`, `i1 mode ipip ${V4} tos inherit/10`],
  [`s1 type sit mode ip6ip ${V4} ttl 64`, `s1 mode sit ${V4} hlim 64`],
  [
    "is1 type sit mode ip6ip isatap local 192.0.2.2 ttl 64",
    "is1 mode isatap local 192.0.2.2 ttl 64",
  ],
  [`v2 type vti ${V4} key 4`, `v2 mode vti ${V4} key 4`],
  [`t1 type ip6tnl mode ip6ip6 ${V6}`, `t1 mode ip6ip6 ${V6}`],
  [
    `t2 type ip6tnl mode any ${V6} encaplimit none tclass 10 flowlabel 12345 hoplimit 0 dev v0`,
    `t2 mode any/ipv6 ${V6} encaplimit none tc 10 fl 12345 ttl 0 dev v0`,
  ],
  [
    `t3 type ip6gre ${V6} key 9 tclass inherit flowlabel inherit csum seq`,
    `t3 mode ip6gre ${V6} key 9 tclass inherit flowlabel inherit csum seq`,
  ],
  [
    "t4 type ip6tnl mode ipip6 remote 2001:db8::7 local 2001:db8::2 dscp inherit allow-localremote",
    "t4 mode ip4ip6 remote 2001:db8::7 local 2001:db8::2 dscp inherit allow-localremote",
  ],
  [`t5 type vti6 ${V6} ikey 1 okey 2`, `t5 mode vti6 ${V6} ikey 1 okey 2`],
];

/** Lines that are run together, and their flags. */
interface Lines {
  readonly flags: readonly string[];
  readonly lines: readonly string[];
}

/** Lines after which both namespaces are equal. */
const CHANGES: readonly Lines[] = [
  {
    flags: ["-force"],
    lines: [
      "tunnel change gre1 remote 192.0.2.7 key 8",
      "tunnel change t4 mode any hoplimit 5",
      "tunnel change nosuch ttl 5",
      "tunnel change v0 ttl 5",
      "tunnel del g3",
      "tunnel del v0",
      "tunnel del nosuch",
      "tunnel add g9 remote 192.0.2.1",
      "tunnel add x1 mode ipip key 7",
      "tunnel add x1 mode gre ttl 7 nopmtudisc",
      "tunnel add x1 mode gre remote 239.1.1.1",
      "tunnel add x1 mode gre dev nosuch",
      // `ip` ends a batch at these.
      "tunnel add x1 mode foo",
    ],
  },
  { flags: ["-6", "-force"], lines: ["tunnel delete t1"] },
  { flags: [], lines: ["tunnel add x1 mode gre bogus 7"] },
];

const SHOWS: readonly Lines[] = [
  {
    flags: ["-force"],
    lines: [
      "tunnel",
      "tunnel list dev v0",
      "tunnel show ikey 5",
      "tunnel show gre1",
      "tunnel show nosuch",
      "tunnel show gre9",
      "tunnel show v0",
    ],
  },
  { flags: ["-o"], lines: ["tunnel"] },
  { flags: ["-s"], lines: ["tunnel show remote 192.0.2.5"] },
  {
    flags: ["-6", "-force"],
    lines: [
      "tunnel show",
      "tunnel show hoplimit 64",
      "tunnel show nosuch",
      // `ip` ends no line after a single tunnel over IPv6.
      "tunnel show t2",
    ],
  },
  { flags: ["-6", "-s"], lines: ["tunnel show t2"] },
  { flags: ["-j"], lines: ["tunnel"] },
  { flags: ["-j", "-6"], lines: ["tunnel"] },
];

const outcome = (
  { code, stdout, stderr }: Awaited<ReturnType<typeof runOurs>>,
  isJson = false,
) => ({
  code,
  stdout: isJson ? JSON.parse(stdout) : stdout.trimEnd(),
  stderr,
});

async function dumped(netns: Netns) {
  const runs = [[], ["-6"]].map((flags) =>
    runTheirs(netns, [...flags, "-j"], ["tunnel"])
  );
  return (await Promise.all(runs)).map(({ stdout }) => JSON.parse(stdout));
}

await testWith(
  ["gre", "ipip", "sit", "vti", "ip6tnl", "ip6gre", "vti6"]
    .map((kind) => `type ${kind}`),
  "ip tunnel: add, change, delete and show",
  async () => {
    await using lab = await Lab.open("theirs", "ours");
    const { theirs, ours } = lab;
    const veth = "link add v0 type veth peer v1";
    await theirs.batch(
      [veth, ...ADDED.map(([link]) => `link add ${link}`)].join("\n"),
    );
    const added = await runOurs(ours, [], [
      veth,
      ...ADDED.map(([, tunnel]) => `tunnel add ${tunnel}`),
    ]);
    assertEquals(added.stderr, "");
    assertEquals(await dumped(ours), await dumped(theirs));
    for (const { flags, lines } of SHOWS) {
      const isJson = flags.includes("-j");
      assertEquals(
        outcome(await runOurs(theirs, flags, lines), isJson),
        outcome(await runTheirs(theirs, flags, lines), isJson),
      );
    }
    for (const { flags, lines } of CHANGES) {
      assertEquals(
        outcome(await runOurs(ours, flags, lines)),
        outcome(await runTheirs(theirs, flags, lines)),
      );
    }
    assertEquals(await dumped(ours), await dumped(theirs));
    const another = await runOurs(ours, [], ["tunnel change gre1 mode ipip"]);
    assertEquals(another.code, 255);
  },
);
