// For every option of every kind of link: the request for its words equals,
// attribute for attribute, the one that `ip link` sends for the same words,
// whether this kernel has the kind or not; and what comes of it is the same,
// the link that is there afterwards or the kernel's refusal.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { readKindWords } from "../../../cli/change/kind_words.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import {
  KIND_NAMES,
  kindNamed,
  portKind,
} from "../../../lib/rtnetlink/kinds/mod.ts";
import {
  addLink,
  deleteLink,
  setLink,
} from "../../../lib/rtnetlink/changes/link.ts";
import { Beside } from "../../support/beside.ts";
import { kernelHas } from "../../support/kinds.ts";
import { assertAllTried } from "../../support/tried.ts";
import { ADD, SET_PORT } from "./kind_cases.ts";

const words = (text: string) => text.split(" ").filter(Boolean);

for (const [title, { base = "", link, options }] of Object.entries(ADD)) {
  const [kind] = title.split(" ");
  Deno.test(`link add: ${title} as ip requests it`, async () => {
    await using beside = await Beside.open(
      "link add low type veth peer name high",
    );
    const done = new Set<boolean>();
    for (const option of options.length === 0 ? [""] : options) {
      const given = words(`${base} ${option}`);
      const { options } = readKindWords(kind, given);
      const change = addLink({
        name: "x0",
        kind,
        ...(link ? { link: "low" } : {}),
        options,
      });
      const lower = link ? "link low " : "";
      const command = `link add ${lower}name x0 type ${kind}`;
      done.add(await beside.compare([command, ...given].join(" "), change));
      await beside.undo(deleteLink("x0"));
    }
    // The first VRF of a namespace brings a rule that stays when it goes.
    await beside.both("-4 rule delete l3mdev priority 1000");
    await beside.both("-6 rule delete l3mdev priority 1000");
    await beside.assertNothingLeft();
    assertEquals(done.has(true), await kernelHas(`type ${kind}`));
  });
}

Deno.test("link add: every option of every kind is tried", () => {
  const tried = new Map<string, object[]>();
  for (const [title, { base = "", options }] of Object.entries(ADD)) {
    const [kind] = title.split(" ");
    const cases = options.map((option) =>
      readKindWords(kind, words(`${base} ${option}`)).options
    );
    tried.set(kind, [...tried.get(kind) ?? [], ...cases]);
  }
  for (const kind of KIND_NAMES) {
    // Not made by a message: see link_test.ts.
    if (kind === "tun" || kind === "tap") continue;
    assertAllTried(kind, kindNamed(kind).options, tried.get(kind));
  }
});

for (const [type, options] of Object.entries(SET_PORT)) {
  Deno.test(`link set: ${type} as ip requests it`, async () => {
    await using beside = await Beside.open(`
      link add low type veth peer name high
      link add br0 type bridge
      link set low master br0
      link set high master br0
    `);
    const tried: object[] = [];
    for (const option of options) {
      const words = option.split(" ");
      const { port, options } = readKindWords(type, words);
      tried.push(options);
      assert(port === "bridge" || port === "bond");
      await beside.compare(
        `link set low type ${type} ${option}`,
        setLink("low", { port: { kind: port, options } }),
      );
    }
    const known = portKind(type.replace("_slave", ""));
    assertAllTried(type, known?.options ?? {}, tried);
  });
}

Deno.test("link words: what cannot be right is refused in words that help", () => {
  const cases: [type: string, words: string, message: string][] = [
    [
      "bridge",
      "stp_sate 1",
      'bridge: "stp_sate" is not a known option; did you mean stp_state?',
    ],
    [
      "bridge",
      "priority 65536",
      'bridge priority: "65536" is not a whole number from 0 to 65535',
    ],
    [
      "bridge",
      "priority",
      'bridge priority: "" is not a whole number from 0 to 65535',
    ],
    [
      "bridge",
      "priority 1 priority 2",
      'bridge: "priority" is not allowed twice',
    ],
    [
      "vxlan",
      "id 5 remote 239.1.1.1",
      'vxlan remote: "239.1.1.1" is not a unicast address',
    ],
    [
      "vxlan",
      "remote 192.0.2.1",
      "vxlan id: undefined is not a network's number from 0 to 16777215",
    ],
    [
      "dummy",
      "mode 1",
      'dummy: "mode" is not possible: this kind has no options',
    ],
    [
      "macvlan",
      "mode bridge nopromisc",
      "macvlan nopromisc: true is not allowed except in mode passthru",
    ],
    ["veth", "per x", 'veth: "per" is not a known option; did you mean peer?'],
    [
      "veth",
      "peer name with/slash",
      'name: "with/slash" is not an interface name',
    ],
    [
      "what_slave",
      "cost 1",
      '--type: "what_slave" is not bridge_slave or bond_slave',
    ],
  ];
  for (const [type, words, message] of cases) {
    const error = assertThrows(() => {
      const { options } = readKindWords(type, words.split(" "));
      addLink({ name: "x0", kind: type, link: "low", options });
    }, ArgumentError);
    assert(error.message.startsWith(message), error.message);
  }
});
