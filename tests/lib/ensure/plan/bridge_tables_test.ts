// VLANs, forwarding entries and multicast entries of bridges: added, compared
// again, changed, corrected, made exclusive and removed; read by `bridge -j`.

import { assertEquals, assertThrows } from "@std/assert";
import {
  exportConfiguration,
  parseConfiguration,
  Reconciler,
} from "../../../../mod.ts";
import { kernelHas, testUnless, testWith } from "../../../support/kinds.ts";
import { Lab, type Netns } from "../../../support/netns.ts";
import { applied, removed } from "../../../support/applied.ts";
import { Reconciled } from "../../../support/reconciled.ts";
import "../../../support/descriptors.ts";

const FILTERING = ["type bridge vlan_filtering 1"];
const GROUP = "239.1.1.1";
const FLOOD = "00:00:00:00:00:00";

interface Vlan {
  readonly vlan: number;
  readonly vlanEnd?: number;
  readonly flags?: string[];
}

async function bridge<T>(netns: Netns, words: string): Promise<T[]> {
  return JSON.parse(await netns.run("bridge", ["-j", ...words.split(" ")]));
}

/** The VLANs of a link: "10 PVID", "20-30". */
async function vlans(netns: Netns, dev: string): Promise<string[]> {
  const all = await bridge<{ readonly ifname: string; readonly vlans: Vlan[] }>(
    netns,
    "vlan show",
  );
  const list = all.find(({ ifname }) => ifname === dev)?.vlans ?? [];
  const lines: string[] = [];
  let first = 0;
  let last = 0;
  let words = "";
  // It prints every VLAN for itself.
  for (const { vlan, vlanEnd = vlan, flags = [] } of list) {
    if (flags.join(" ") === words && vlan === last + 1) lines.pop();
    else [first, words] = [vlan, flags.join(" ")];
    last = vlanEnd;
    const range = first === last ? `${first}` : `${first}-${last}`;
    lines.push([range, ...flags].join(" "));
  }
  return lines;
}

/** The permanent multicast entries: "239.1.1.1 p0 10". */
async function groups(netns: Netns): Promise<string[]> {
  const [{ mdb }] = await bridge<{
    readonly mdb: {
      readonly grp: string;
      readonly src?: string;
      readonly port: string;
      readonly vid?: number;
      readonly state: string;
    }[];
  }>(netns, "mdb show") as [{ mdb: never[] }];
  return (mdb as Record<string, string | number>[]).filter(({ state }) =>
    state === "permanent"
  )
    .map(({ grp, src, port, vid }) =>
      [grp, src, port, vid].filter((one) => one !== undefined).join(" ")
    ).sort();
}

/** The static entries of bridges, and those of VXLANs: "MAC DEV VLAN DST". */
async function entries(netns: Netns): Promise<string[]> {
  const all = await bridge<Record<string, string | number>>(netns, "fdb show");
  return all.filter(({ mac, state }) =>
    state !== "" && /^(02:00:5e|00:00:00)/.test(String(mac))
  ).map(({ mac, ifname, vlan, dst }) =>
    [mac, ifname, vlan, dst].filter((one) => one !== undefined).join(" ")
  ).sort();
}

/** Waits until something is as wanted. */
async function until(
  read: () => Promise<readonly string[]>,
  wanted: readonly string[],
  what: string,
): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    const now = await read();
    if (now.join("\n") === wanted.join("\n")) return;
    if (performance.now() > end) assertEquals(now, wanted, what);
  }
}

const link = (name: string, more: object = {}) => ({
  name,
  kind: "veth",
  up: true,
  master: "br0",
  options: { peer: { name: `${name}x`, up: true } },
  ...more,
});
const filtering = (more: object = {}) => ({
  name: "br0",
  kind: "bridge",
  up: true,
  options: { vlan_filtering: true },
  ...more,
});

await testWith(
  FILTERING,
  "VLANs of a bridge and of ports are added, stable, changed and removed",
  async () => {
    await using lab = await Lab.open("one");
    const { one } = lab;
    const of = (p0: readonly unknown[], more: object = {}) => ({
      links: [
        filtering({ vlans: [{ vid: "100-110" }] }),
        link("p0", { vlans: p0, ...more }),
        link("p1"),
      ],
    });
    const trunk = [{ vid: 10, pvid: true, untagged: true }, "20-30", 40];
    assertEquals(
      (await applied(one, of(trunk))).filter((line) => line.includes("vlan")),
      [
        "add vlan 100-110 of br0",
        "add vlan 10 of p0",
        "add vlan 20-30 of p0",
        "add vlan 40 of p0",
      ],
    );
    assertEquals(await vlans(one, "br0"), [
      "1 PVID Egress Untagged",
      "100-110",
    ]);
    const wanted = [
      "1 Egress Untagged",
      "10 PVID Egress Untagged",
      "20-30",
      "40",
    ];
    assertEquals(await vlans(one, "p0"), wanted);
    assertEquals(await vlans(one, "p1"), ["1 PVID Egress Untagged"]);
    // Flags.
    assertEquals(
      await applied(one, of([{ vid: 10 }, { vid: "20-30", untagged: true }])),
      [
        "change vlan 10 of p0: pvid is on, wanted off: untagged is on, wanted off",
        "change vlan 20-30 of p0: untagged is off, wanted on",
      ],
    );
    // A part of a range, and a PVID that moves.
    await one.run("bridge", "vlan del dev p0 vid 22-24".split(" "));
    assertEquals(
      await applied(one, of([{ vid: 1, pvid: true }, "20-30", 10])),
      [
        "change vlan 1 of p0: pvid is off, wanted on: untagged is on, wanted off",
        "change vlan 20-30 of p0: vid is 20-21, 25-30, wanted 20-30: " +
        "untagged is on, wanted off",
      ],
    );
    assertEquals(await vlans(one, "p0"), ["1 PVID", "10", "20-30", "40"]);
    assertEquals(await applied(one, of([{ vid: "30-40", state: "absent" }])), [
      "delete vlan 30 of p0",
      "delete vlan 40 of p0",
    ]);
    assertEquals(
      await applied(one, of([7, "20-25"], { exclusive: ["vlans"] })),
      [
        "add vlan 7 of p0",
        "delete vlan 1 of p0",
        "delete vlan 10 of p0",
        "delete vlan 26-29 of p0",
      ],
    );
    assertEquals(await vlans(one, "p0"), ["7", "20-25"]);
    assertEquals(
      await applied(one, of([], { exclusive: ["vlans"] })),
      [
        "delete vlan 7 of p0",
        "delete vlan 20-25 of p0",
      ],
    );
    // Without the key, exclusive concerns no VLANs.
    assertEquals(
      await applied(one, {
        exclusive: true,
        links: [filtering(), link("p0"), link("p1")],
      }),
      [],
    );
    assertEquals(await vlans(one, "p1"), ["1 PVID Egress Untagged"]);
    // A group is in each VLAN of its port, also in a new one.
    const group = { links: [{ name: "p1", mdb: [{ grp: GROUP }] }] };
    assertEquals(await applied(one, group), [`add mdb ${GROUP} of p1`]);
    await one.run("bridge", "vlan add dev p1 vid 2-3".split(" "));
    assertEquals(await applied(one, group), [
      `change mdb ${GROUP} of p1: vid is 1, wanted 1-3`,
    ]);
    assertEquals(
      await groups(one),
      [1, 2, 3].map((vid) => `${GROUP} p1 ${vid}`),
    );
    assertEquals(await removed(one, group), [`delete mdb ${GROUP} of p1`]);
    assertEquals(await groups(one), []);
    await one.run("bridge", "vlan del dev p1 vid 2-3".split(" "));
    // What another file describes goes; the port stays.
    const vlan = { links: [{ name: "p1", vlans: [1, "5-9"] }] };
    await applied(one, vlan);
    await one.run("bridge", "vlan del dev p1 vid 6".split(" "));
    assertEquals(await removed(one, vlan), [
      "delete vlan 1 of p1",
      "delete vlan 5-9 of p1",
    ]);
    assertEquals(await vlans(one, "p1"), []);
  },
);

await testWith(
  FILTERING,
  "VLANs, and entries of VLANs, that others change are corrected",
  async () => {
    await using lab = await Lab.open("one");
    const { one } = lab;
    const vlan = { vid: 10, pvid: true, untagged: true };
    await using reconciled = await Reconciled.open({
      namespaces: {
        [one.name]: {
          links: [
            filtering({ vlans: [10], options: { vlan_filtering: true } }),
            link("p0", {
              vlans: [vlan, "20-30", { vid: 1, state: "absent" }],
              fdb: [{
                to: "02:00:5e:00:00:05",
                master: true,
                vlan: 10,
                state: "static",
              }],
              mdb: [{ grp: GROUP, vid: 10 }],
            }),
            link("p2", { mdb: [{ grp: GROUP }], exclusive: ["mdb"] }),
            link("p1", { vlans: [vlan], exclusive: ["vlans"] }),
          ],
        },
      },
    });
    const wanted = [
      "10 PVID Egress Untagged",
      "20-30",
      "10 PVID Egress Untagged",
      "02:00:5e:00:00:05 p0 10",
      `${GROUP} p0 10`,
      `${GROUP} p2 1`,
    ];
    const read = async () => [
      ...await vlans(one, "p0"),
      ...await vlans(one, "p1"),
      ...await entries(one),
      ...await groups(one),
    ];
    await until(read, wanted, "applied");
    for (
      const act of [
        "vlan del dev p0 vid 25",
        "vlan del dev p0 vid 10",
        "vlan add dev p0 vid 22 pvid untagged",
        "vlan add dev p0 vid 1",
        "vlan add dev p1 vid 50-60",
        "vlan del dev p0 vid 20-30",
        "fdb del 02:00:5e:00:00:05 dev p0 master vlan 10",
        `mdb del dev br0 port p0 grp ${GROUP} vid 10`,
        `mdb del dev br0 port p2 grp ${GROUP} vid 1`,
        `mdb add dev br0 port p2 grp 239.1.1.5 permanent vid 1`,
        "link set p0 nomaster",
        "link delete p1",
      ]
    ) {
      reconciled.reports.length = 0;
      await (act.startsWith("link")
        ? one.ip(act)
        : one.run("bridge", act.split(" ")));
      await reconciled.report("corrected");
      await until(read, wanted, act);
    }
  },
);

Deno.test("multicast entries are added, stable, corrected and removed", async () => {
  await using lab = await Lab.open("one");
  const { one } = lab;
  const of = (mdb: readonly object[], more: object = {}) => ({
    links: [
      { ...filtering(), options: {} },
      link("p0", { mdb, ...more }),
      link("p1"),
    ],
  });
  const list = [
    { grp: GROUP },
    { grp: "239.1.1.2", src: "192.0.2.1" },
    { grp: "FF0E::0:1", src: "2001:DB8::1" },
    { grp: "01:00:5e:00:00:44" },
  ];
  const wanted = [
    "01:00:5e:00:00:44 p0",
    "239.1.1.1 p0",
    "239.1.1.2 192.0.2.1 p0",
    "ff0e::1 2001:db8::1 p0",
  ];
  const lines = await applied(one, of(list));
  assertEquals(lines.filter((line) => line.includes("mdb")), [
    `add mdb ${GROUP} of p0`,
    "add mdb 239.1.1.2 src 192.0.2.1 of p0",
    "add mdb FF0E::0:1 src 2001:DB8::1 of p0",
    "add mdb 01:00:5e:00:00:44 of p0",
  ]);
  assertEquals(await groups(one), wanted);
  const mdb = (words: string) => one.run("bridge", `mdb ${words}`.split(" "));
  await mdb("add dev br0 port p1 grp 239.1.1.9 permanent");
  await mdb("add dev br0 port p0 grp 239.1.1.9 permanent");
  {
    await using reconciled = await Reconciled.open({
      namespaces: { [one.name]: of(list, { exclusive: ["mdb"] }) },
    });
    const kept = [...wanted.slice(0, 3), "239.1.1.9 p1"]
      .concat(wanted[3]!);
    for (
      const act of [
        `del dev br0 port p0 grp ${GROUP}`,
        "del dev br0 port p0 grp ff0e::1 src 2001:db8::1",
        "add dev br0 port p0 grp 239.1.1.8 permanent",
      ]
    ) {
      await until(() => groups(one), kept, act);
      reconciled.reports.length = 0;
      await mdb(act);
      await reconciled.report(
        "corrected",
        ({ action }) => action.object === "mdb",
      );
      await until(() => groups(one), kept, act);
    }
    // One that expires in its place.
    await mdb(`del dev br0 port p0 grp ${GROUP}`);
  }
  const temporary = { links: [{ name: "p0", mdb: [{ grp: GROUP }] }] };
  await removed(one, temporary);
  await mdb(`add dev br0 port p0 grp ${GROUP} temp`);
  assertEquals(await applied(one, temporary), [
    `change mdb ${GROUP} of p0: state is temp, wanted permanent`,
  ]);
  assertEquals(
    await removed(one, { links: [{ name: "p0", mdb: list }] }),
    [
      `delete mdb ${GROUP} of p0`,
      "delete mdb 239.1.1.2 src 192.0.2.1 of p0",
      "delete mdb FF0E::0:1 src 2001:DB8::1 of p0",
      "delete mdb 01:00:5e:00:00:44 of p0",
    ],
  );
  assertEquals(await groups(one), ["239.1.1.9 p1"]);
});

await testWith(
  ["type vxlan id 7 dstport 4789"],
  "exclusive removes static forwarding entries that the file does not have",
  async () => {
    await using lab = await Lab.open("one");
    const { one } = lab;
    const vxlan = {
      name: "vx0",
      kind: "vxlan",
      up: true,
      master: "br0",
      options: { id: 7, dstport: 4789, remote: "192.0.2.99" },
    };
    const links = [
      { ...filtering(), options: {} },
      link("p0", {
        fdb: [{ to: "02:00:5e:00:00:01", master: true, state: "static" }],
      }),
      { ...vxlan, fdb: [{ to: FLOOD, dst: "192.0.2.2", port: 4789, vni: 7 }] },
    ];
    await applied(one, { links });
    const own = await entries(one);
    for (
      const words of [
        "02:00:5e:00:00:02 dev p0 master static",
        "02:00:5e:00:00:03 dev p0 master",
        `${FLOOD} dev vx0 dst 192.0.2.3`,
        `${FLOOD} dev vx0 dst 192.0.2.4`,
        "02:00:5e:00:00:04 dev vx0 dst 192.0.2.4",
        "02:00:5e:00:00:06 dev vx0 dst 192.0.2.4 extern_learn",
      ]
    ) await one.run("bridge", `fdb append ${words}`.split(" "));
    assertEquals(
      (await applied(one, { links, exclusive: ["fdb"] })).sort(),
      [
        `delete fdb ${FLOOD} of vx0, dst 192.0.2.3`,
        `delete fdb ${FLOOD} of vx0, dst 192.0.2.4`,
        "delete fdb 02:00:5e:00:00:02 of p0",
        "delete fdb 02:00:5e:00:00:03 of p0",
        "delete fdb 02:00:5e:00:00:04 of vx0, dst 192.0.2.4",
      ],
    );
    const learned = /:06 vx0/;
    assertEquals((await entries(one)).filter((one) => !learned.test(one)), own);
    assertEquals(
      (await entries(one)).filter((one) => learned.test(one)).length,
      1,
    );
    await using reconciled = await Reconciled.open({
      namespaces: { [one.name]: { links, exclusive: ["fdb"] } },
    });
    for (const dst of ["192.0.2.5", "192.0.2.6"]) {
      const words = `fdb append ${FLOOD} dev vx0 dst ${dst}`;
      await one.run("bridge", words.split(" "));
      await reconciled.report(
        "corrected",
        ({ action }) => action.type === "remove" && action.name.endsWith(dst),
      );
    }
    await until(
      async () => (await entries(one)).filter((one) => !learned.test(one)),
      own,
      "flood list",
    );
  },
);

const [major = 0, minor = 0] = Deno.osRelease().split(".").map(Number);
const isOld = major < 6 || major === 6 && minor < 4;
const VXLAN = "type vxlan id 7 dstport 4789";

testUnless(
  isOld || !await kernelHas(VXLAN)
    ? "has no multicast entries of a VXLAN"
    : undefined,
  "multicast entries with filters, and of a VXLAN, are added and changed",
  async () => {
    await using lab = await Lab.open("one");
    const { one } = lab;
    const of = (
      sources: readonly string[],
      remotes: readonly object[],
      more: object = {},
    ) => ({
      links: [
        { ...filtering(), options: { mcast_igmp_version: 3 } },
        link("p0", {
          mdb: [{
            grp: GROUP,
            filter_mode: "include",
            source_list: sources,
            proto: "bird",
          }],
        }),
        {
          name: "vx0",
          kind: "vxlan",
          up: true,
          options: { id: 7, dstport: 4789 },
          mdb: remotes.map((remote) => ({ grp: GROUP, ...remote })),
        },
      ],
      ...more,
    });
    /** The entries of the VXLAN, and the filter. */
    const read = async () => {
      const [{ mdb }] = await bridge<
        { readonly mdb: Record<string, string>[] }
      >(one, "-d mdb show") as [{ mdb: Record<string, unknown>[] }];
      return mdb.filter(({ grp }) => grp === GROUP)
        .map(({ port, src, filter_mode, source_list, protocol }) =>
          JSON.stringify([port, src ?? "", filter_mode, source_list, protocol])
        ).sort();
    };
    const two = ["192.0.2.2", "192.0.2.1"];
    const remotes = [
      { dst: "192.0.2.2" },
      { dst: "192.0.2.3", dst_port: 4789, vni: 7 },
      { dst: "192.0.2.4", dst_port: 9999, vni: 8 },
      { dst: "192.0.2.4", src: "192.0.2.77" },
    ];
    await applied(one, of(two, remotes));
    const before = await read();
    assertEquals(before.filter((line) => line.includes("vx0")).length, 4);
    assertEquals(before.filter((line) => line.includes("p0")).length, 3);
    const exclusive = { exclusive: ["mdb"] };
    assertEquals(
      (await applied(one, of(two, remotes.slice(1, 3), exclusive))).sort(),
      [
        `delete mdb ${GROUP} dst 192.0.2.2 of vx0`,
        `delete mdb ${GROUP} src 192.0.2.77 dst 192.0.2.4 of vx0`,
      ],
    );
    assertEquals(await applied(one, of(["192.0.2.1"], [])), [
      `change mdb ${GROUP} of p0: source_list is 192.0.2.1,192.0.2.2, ` +
      "wanted 192.0.2.1",
    ]);
    assertEquals(
      (await read()).filter((line) => line.includes("p0")).length,
      2,
    );
    assertEquals(
      (await applied(one, of(["192.0.2.5"], [], exclusive))).sort(),
      [
        `change mdb ${GROUP} of p0: source_list is 192.0.2.1, wanted 192.0.2.5`,
        `delete mdb ${GROUP} dst 192.0.2.3 of vx0`,
        `delete mdb ${GROUP} dst 192.0.2.4 of vx0`,
      ],
    );
  },
);

await testWith(
  [VXLAN, ...FILTERING],
  "entries that only the previous configuration has are removed",
  async () => {
    await using lab = await Lab.open("one");
    const { one } = lab;
    const of = (vlans: unknown[], remotes: number[], groups: number[]) =>
      parseConfiguration({
        links: [
          filtering(),
          link("p0", {
            vlans,
            mdb: groups.map((host) => ({ grp: `239.1.1.${host}` })),
          }),
          {
            name: "vx0",
            kind: "vxlan",
            options: { id: 7, dstport: 4789 },
            fdb: remotes.map((host) => ({ to: FLOOD, dst: `192.0.2.${host}` })),
          },
        ],
      });
    const previous = of([7, "20-30", 40], [2, 3], [1, 2]);
    const next = of([{ vid: 7, untagged: true }, "25-35"], [3, 4], [2, 3]);
    const options = { namespace: one.name };
    await using reconciler = await Reconciler.open(previous, options);
    await reconciler.apply();
    await reconciler.replace(next);
    const { unresolved } = await reconciler.apply({ previous });
    assertEquals(unresolved, []);
    assertEquals((await reconciler.plan()).actions, []);
    assertEquals(await vlans(one, "p0"), [
      "1 PVID Egress Untagged",
      "7 Egress Untagged",
      "25-35",
    ]);
    const vids = [1, 7, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35];
    // The kernel keeps the entries of deleted VLANs.
    assertEquals(
      (await groups(one)).filter((line) => !/ p0 (2[0-4]|40)$/.test(line)),
      [2, 3].flatMap((host) => vids.map((vid) => `239.1.1.${host} p0 ${vid}`))
        .sort(),
    );
    assertEquals(
      (await entries(one)).filter((line) => line.startsWith(FLOOD)),
      [`${FLOOD} vx0 192.0.2.3`, `${FLOOD} vx0 192.0.2.4`],
    );
  },
);

/** Exports a namespace, and makes the same in another one. */
async function assertCopied(
  one: Netns,
  two: Netns,
  read: (netns: Netns) => Promise<readonly string[]>,
) {
  const configuration = await exportConfiguration({ namespace: one.name });
  assertEquals(await applied(one, configuration), [], "unchanged");
  await applied(two, configuration);
  assertEquals(await read(two), await read(one));
  return configuration.links!;
}

await testWith(
  FILTERING,
  "VLANs are exported, also missing ones, unless they are those of a new port",
  async () => {
    await using lab = await Lab.open("one", "two");
    const { one, two } = lab;
    const vlan = { vid: 10, pvid: true, untagged: true };
    await applied(one, {
      links: [
        filtering({ vlans: ["100-110"] }),
        link("p0", { vlans: ["20-30", vlan, 31], exclusive: ["vlans"] }),
        link("p1"),
        link("p2", { vlans: [], exclusive: ["vlans"] }),
      ],
    });
    const links = await assertCopied(
      one,
      two,
      async (netns) => [
        ...await vlans(netns, "br0"),
        ...await vlans(netns, "p0"),
        ...await vlans(netns, "p1"),
        ...await vlans(netns, "p2"),
      ],
    );
    const exported = new Map(links.map(({ name, vlans }) => [name, vlans]));
    assertEquals(exported.get("br0"), [
      { vid: 1, pvid: true, untagged: true },
      "100-110",
    ]);
    const absent = { vid: 1, state: "absent" };
    assertEquals(exported.get("p0"), [vlan, "20-31", absent]);
    assertEquals(exported.get("p1"), undefined);
    assertEquals(exported.get("p2"), [absent]);
  },
);

Deno.test("forwarding entries and multicast entries are exported", async () => {
  await using lab = await Lab.open("one", "two");
  const { one, two } = lab;
  const hasVxlan = await kernelHas(VXLAN);
  const fdb = [
    { to: "02:00:5e:00:00:01", master: true, state: "static" },
    { to: "02:00:5e:00:00:02", master: true },
  ];
  const mdb = [{ grp: "239.1.1.3", src: "192.0.2.1" }, { grp: GROUP }];
  const flood = [
    { to: FLOOD, dst: "192.0.2.2" },
    { to: FLOOD, dst: "192.0.2.3", port: 99, vni: 5 },
    { to: "02:00:5e:00:00:03", dst: "192.0.2.2", via: "p0" },
  ];
  await applied(one, {
    links: [
      {
        ...filtering(),
        options: {},
        fdb: [{ to: "02:00:5e:00:00:09" }],
      },
      link("p0", { fdb, mdb }),
      ...hasVxlan
        ? [{
          name: "vx0",
          kind: "vxlan",
          up: true,
          master: "br0",
          options: { id: 7, dstport: 4789, remote: "192.0.2.99" },
          fdb: flood,
        }]
        : [],
    ],
  });
  const links = await assertCopied(
    one,
    two,
    async (netns) => [...await entries(netns), ...await groups(netns)],
  );
  const exported = new Map(links.map((link) => [link.name, link]));
  const sorted = (list: readonly object[] = []) =>
    list.map((one) => JSON.stringify(one)).sort();
  assertEquals(exported.get("br0")?.fdb, [{ to: "02:00:5e:00:00:09" }]);
  const { fdb: ports, mdb: received } = exported.get("p0")!;
  assertEquals(ports?.length, 2);
  assertEquals(sorted(received), sorted(mdb));
  if (hasVxlan) assertEquals(exported.get("vx0")?.fdb?.length, 3);
});

Deno.test("problems of VLANs and multicast entries have their position", () => {
  const problems = (link: object) =>
    (assertThrows(() =>
      parseConfiguration({ links: [{ name: "p0", ...link }] })
    ) as Error).message.split("\n");
  const range = "a VLAN from 1 to 4094, or two like 10-20";
  assertEquals(problems({ vlans: [4095] }), [
    `links[0].vlans[0]: 4095 is not ${range}`,
  ]);
  assertEquals(problems({ vlans: ["30-20"] }), [
    `links[0].vlans[0]: "30-20" is not ${range}`,
  ]);
  assertEquals(problems({ vlans: [{ vid: "2-3", pvid: true }] }), [
    "links[0].vlans[0]: pvid: true is not possible of more than one",
  ]);
  assertEquals(
    problems({ vlans: [{ id: 3 }] })[0],
    "links[0].vlans[0].id: " +
      "unknown key",
  );
  assertEquals(problems({ vlans: [10, "5-20"] }), [
    "links[0].vlans[1]: VLAN 10 is configured by links[0].vlans[0] too",
  ]);
  assertEquals(
    problems({ vlans: [{ vid: 1, pvid: true }, { vid: 2, pvid: true }] }),
    ["links[0].vlans[1].pvid: the PVID is configured by links[0].vlans[0].pvid too"],
  );
  assertEquals(problems({ vlans: [{ vid: 3, state: "absent" }, "2-4"] }), [
    "links[0].vlans[1]: VLAN 3 is absent too",
  ]);
  assertEquals(problems({ mdb: [{ grp: "192.0.2" }] }), [
    'links[0].mdb[0].grp: "192.0.2" is not an IP address like 239.1.1.1 or an ' +
    "Ethernet address",
  ]);
  assertEquals(
    problems({ kind: "bridge", mdb: [{ grp: GROUP }] }),
    [
      "links[0].mdb[0]: groups that a bridge itself receives expire; mdb is of " +
      "its ports",
    ],
  );
  assertEquals(
    problems({ kind: "ifb", mdb: [{ grp: GROUP }] }),
    [
      "links[0].mdb[0]: the link has to be the port of a bridge; entries of a " +
      "VXLAN need dst",
    ],
  );
  assertEquals(problems({ mdb: [{ grp: GROUP }, { grp: GROUP }] }), [
    "links[0].mdb[1]: the same multicast entry as links[0].mdb[0]",
  ]);
  assertEquals(
    problems({ mdb: [{ grp: GROUP, state: "temp" }] })[0]!.slice(0, 36),
    "links[0].mdb[0].state: unknown key",
  );
});
