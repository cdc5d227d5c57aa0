// Existing devices: identified by something else than their name, renamed,
// moved into namespaces and back. The ends of veth pairs stand for them.

import { assertEquals, assertThrows } from "@std/assert";
import {
  ConfigurationError,
  parseConfiguration,
  Reconciler,
} from "../../../../mod.ts";
import { applied, removed } from "../../../support/applied.ts";
import { testWith } from "../../../support/kinds.ts";
import { Lab, type Netns, output } from "../../../support/netns.ts";
import { Reconciled } from "../../../support/reconciled.ts";
import "../../../support/descriptors.ts";

const VETH = ["type veth peer name np-peer"];
const FIRST = "02:00:00:00:00:01";
const SECOND = "02:00:00:00:00:02";

interface ShownLink {
  readonly ifname: string;
  readonly address: string;
  readonly operstate: string;
  readonly addr_info: { readonly local: string; readonly scope: string }[];
}

/** Two devices, up and with carrier: one and two. */
async function devices(netns: Netns): Promise<void> {
  await netns.batch(`
    link add one address ${FIRST} type veth peer name onex
    link add two address ${SECOND} type veth peer name twox
    link set one up
    link set onex up
    link set two up
    link set twox up`);
}

/** The links with an address of the devices: "lan0 02:...:01 up 192.0.2.1". */
async function seen(netns: Netns): Promise<string[]> {
  const links = await netns.json<ShownLink>("address show");
  return links.filter(({ address }) => [FIRST, SECOND].includes(address))
    .map(({ ifname, address, operstate, addr_info }) => {
      const addresses = addr_info.filter(({ scope }) => scope === "global");
      return [
        ifname,
        address,
        operstate.toLowerCase(),
        ...addresses.map(({ local }) => local),
      ].join(" ");
    }).sort();
}

await testWith(
  VETH,
  "a device is identified by its address and renamed",
  async () => {
    await using lab = await Lab.open("here");
    const { here } = lab;
    await devices(here);
    const configuration = {
      links: [{
        name: "lan0",
        identify: { address: FIRST },
        up: true,
        addresses: ["192.0.2.1/24"],
      }],
    };
    assertEquals(await applied(here, configuration), [
      "change link lan0: name is one, wanted lan0",
      "add address 192.0.2.1/24 of lan0",
    ]);
    assertEquals(await seen(here), [
      `lan0 ${FIRST} up 192.0.2.1`,
      `two ${SECOND} up`,
    ]);
    assertEquals(await applied(here, configuration), []);
  },
);

await testWith(VETH, "two devices exchange their names", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await devices(here);
  const exchanged = (one: string, two: string) => ({
    links: [
      { name: one, identify: { address: FIRST }, addresses: ["192.0.2.1/24"] },
      { name: two, identify: { address: SECOND } },
    ],
  });
  assertEquals(await applied(here, exchanged("two", "one")), [
    "change link two: name is one, wanted two",
    "change link one: name is two, wanted one",
    "add address 192.0.2.1/24 of two",
  ]);
  assertEquals(await seen(here), [
    `one ${SECOND} up`,
    `two ${FIRST} up 192.0.2.1`,
  ]);
  const back = {
    links: [
      { name: "two", identify: { name: "one", address: FIRST } },
      { name: "one", identify: { name: "two", address: SECOND } },
    ],
  };
  assertEquals(await removed(here, back), [
    "return link two as one",
    "return link one as two",
  ]);
  assertEquals(await seen(here), [
    `one ${FIRST} up 192.0.2.1`,
    `two ${SECOND} up`,
  ]);
  // A name that another device has, which gets a third one.
  await applied(here, exchanged("two", "one"));
  assertEquals(await applied(here, exchanged("three", "two")), [
    "change link three: name is two, wanted three",
    "change link two: name is one, wanted two",
  ]);
  assertEquals(await seen(here), [
    `three ${FIRST} up 192.0.2.1`,
    `two ${SECOND} up`,
  ]);
});

await testWith(
  VETH,
  "a device is moved into a namespace, kept there, and moved back",
  async () => {
    await using lab = await Lab.open("here", "there");
    const { here, there } = lab;
    await devices(here);
    const configuration = {
      namespaces: {
        [here.name]: {
          links: [{
            name: "wan0",
            identify: { name: "one" },
            netns: there.name,
            up: true,
            addresses: ["192.0.2.1/24"],
          }, { name: "two", netns: there.name }],
        },
        [there.name]: { routes: [{ to: "default", via: "192.0.2.254" }] },
      },
    };
    await using reconciled = await Reconciled.open(configuration);
    assertEquals(await seen(here), []);
    assertEquals(await seen(there), [
      `two ${SECOND} down`,
      `wan0 ${FIRST} up 192.0.2.1`,
    ]);
    assertEquals(
      (await there.json<{ readonly dev: string }>("route show default"))
        .map(({ dev }) => dev),
      ["wan0"],
    );
    await there.ip(`link set wan0 netns ${here.name} name one`);
    const { action } = await reconciled.report(
      "corrected",
      ({ action }) => action.object === "link",
    );
    assertEquals(action.summary, "change link wan0");
    await reconciled.report(
      "corrected",
      ({ action }) => action.object === "route",
    );
    assertEquals(await seen(there), [
      `two ${SECOND} down`,
      `wan0 ${FIRST} up 192.0.2.1`,
    ]);
    await reconciled[Symbol.asyncDispose]();
    assertEquals(await applied(here, configuration), []);
    const summaries = await removed(here, configuration);
    assertEquals(summaries.filter((one) => one.startsWith("return")), [
      `return link wan0 to namespace ${here.name} as one`,
      `return link two to namespace ${here.name}`,
    ]);
    assertEquals(await seen(there), []);
    assertEquals(await seen(here), [`one ${FIRST} down`, `two ${SECOND} down`]);
  },
);

await testWith(
  VETH,
  "a namespace that was made for a device is removed without it",
  async () => {
    await using lab = await Lab.open("here");
    const { here } = lab;
    await devices(here);
    const made = `${here.name}-made`;
    const configuration = {
      namespaces: {
        [here.name]: { links: [{ name: "one", netns: made }] },
        [made]: {},
      },
    };
    try {
      await using reconciler = await Reconciler.open(
        parseConfiguration(configuration),
      );
      const { refused } = await reconciler.apply();
      assertEquals(refused, undefined);
      assertEquals(await seen(here), [`two ${SECOND} up`]);
      const { removed } = await reconciler.down();
      assertEquals(removed.map(({ summary }) => summary), [
        `return link one to namespace ${here.name}`,
        `delete namespace ${made}`,
      ]);
      assertEquals(await seen(here), [
        `one ${FIRST} down`,
        `two ${SECOND} up`,
      ]);
    } finally {
      await output("ip", ["netns", "delete", made]);
    }
  },
);

await testWith(
  VETH,
  "what identifies no device or several is reported as missing",
  async () => {
    await using lab = await Lab.open("here");
    const { here } = lab;
    await devices(here);
    const missing = async (identify: object, name = "lan0") => {
      const desired = parseConfiguration({
        links: [{ name, identify, addresses: ["192.0.2.1/24"] }],
      });
      await using reconciler = await Reconciler.open(desired, {
        namespace: here.name,
      });
      const { applied, missing } = await reconciler.apply();
      assertEquals(applied, []);
      return missing;
    };
    const link = { object: "link", namespace: undefined } as const;
    const lan0 = { ...link, name: "lan0" };
    assertEquals(await missing({ address: "02:00:00:00:00:03" }), [lan0]);
    assertEquals(await missing({ parent: "0000:ff:1f.7" }), [lan0]);
    assertEquals(await missing({ name: "one", address: SECOND }), [lan0]);
    // Another device has the name.
    assertEquals(await missing({ address: "02:00:00:00:00:03" }, "one"), [
      { ...link, name: "one" },
    ]);
    await here.ip(`link set two address ${FIRST}`);
    assertEquals(await missing({ address: FIRST.toUpperCase() }), [
      { ...lan0, candidates: ["one", "two"] },
    ]);
  },
);

Deno.test("a device is identified by its parent device", async () => {
  const links: {
    readonly ifname: string;
    readonly parentdev?: string;
    readonly parentbus?: string;
  }[] = JSON.parse((await output("ip", ["-j", "-d", "link", "show"])).stdout);
  for (const { ifname, parentdev, parentbus } of links) {
    if (parentdev === undefined || parentbus === undefined) continue;
    const desired = parseConfiguration({
      links: [{
        name: `np${Deno.pid}`,
        identify: { parent: parentdev, bus: parentbus },
      }],
    });
    // Only a plan: the device is in use.
    await using reconciler = await Reconciler.open(desired);
    const { actions } = await reconciler.plan();
    assertEquals(actions.map(({ differences }) => differences), [[
      { key: "name", is: ifname, wanted: `np${Deno.pid}` },
    ]]);
  }
});

Deno.test("identify is of an existing device, which is identified once", () => {
  const problem = (...links: object[]) =>
    assertThrows(() => parseConfiguration({ links }), ConfigurationError)
      .message;
  const identify = { address: FIRST };
  const wrong = [
    problem({ name: "br0", kind: "bridge", identify }),
    problem({ name: "lan0", identify: {} }),
    problem({ name: "lan0", identify: { bus: "pci" } }),
    problem({ name: "lan0", identify }, { name: "lan1", identify }),
    problem({ name: "lan0", link: "lan1" }),
  ];
  assertEquals(wrong.map((text) => text.split("\n").at(-1)!.trim()), [
    "links[0].identify: identify is of an existing device: without kind",
    "links[0].identify: identify needs name, address or parent",
    "links[0].identify: identify needs name, address or parent",
    "links[1]: the same device as links[0]",
    "links[0].link: link needs the kind of the link",
  ]);
});
