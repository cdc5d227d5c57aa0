// Every option of every kind of link, and every setting of a port, through
// ensure: created, compared again, changed, read by `ip`, and deleted. A link is
// made again if `ip` cannot change it, and only then.

import { assert, assertEquals } from "@std/assert";
import { readKindWords } from "../../../../cli/change/kind_words.ts";
import { parseConfiguration, Reconciler } from "../../../../mod.ts";
import type { LinkKind } from "../../../../lib/rtnetlink/kinds/kind.ts";
import {
  KIND_NAMES,
  kindNamed,
  PORT_KIND_NAMES,
  portKind,
} from "../../../../lib/rtnetlink/kinds/mod.ts";
import { valueText } from "../../../../lib/rtnetlink/spec/table.ts";
import { kernelHas } from "../../../support/kinds.ts";
import { Lab, type Netns } from "../../../support/netns.ts";
import {
  LACKED,
  MADE_AGAIN,
  type OptionSample,
  SAMPLES,
  samplesOf,
  wordsOf,
} from "../../../support/option_samples.ts";
import "../../../support/descriptors.ts";

type Values = { readonly [option: string]: string };

/** One link, and an option of it that changes. */
class Case {
  readonly name: string;

  /**
   * @param number Its own among all cases, for names.
   * @param local Its own among those of its kind, for values.
   */
  constructor(
    readonly kind: LinkKind,
    readonly sample: OptionSample,
    readonly number: number,
    readonly local: number,
  ) {
    this.name = kind.isPort ? `l${number}` : `t${number}`;
  }

  /** The links of its own that it uses. */
  get lower(): string[] {
    return ["low", "high", "other", "far"].map((link) => this.#placed(link));
  }

  /** Whether it uses them. */
  get usesLower(): boolean {
    const { base = "" } = SAMPLES[this.kind.name] ?? {};
    const { values, needs } = this.sample;
    return this.kind.lower || this.kind.isPort ||
      /\b(low|other)\b/.test(`${base} ${values} ${needs}`);
  }

  /** The bond that the option of a bond needs ports of. */
  get isMaster(): boolean {
    return this.kind.name === "bond" && this.usesLower;
  }

  /** The options with one of both values. */
  values(which: 0 | 1): Values {
    const { kind, sample: { option, values, needs } } = this;
    // Metadata is in the place of what other links have.
    const isExternal = /^external/.test(needs) ||
      option === "external" && values[which] === "on";
    const base = isExternal ? "" : SAMPLES[kind.name]?.base ?? "";
    const text = this.text(which);
    return {
      ...this.#read(base),
      ...this.needs,
      ...(text === "-" ? {} : { [option]: text }),
    };
  }

  /** What the option needs. */
  get needs(): Values {
    return this.#read(this.sample.needs);
  }

  /** The changing value, as the user writes it. */
  text(which: 0 | 1): string {
    return this.#placed(this.sample.values[which]);
  }

  /** The words of `ip` for options. */
  words(values: Values): string {
    return Object.entries(values)
      .map(([option, text]) => wordsOf(this.kind, option, text)).join(" ");
  }

  /** What is reported when the second value is wanted. */
  get reason(): string {
    const is = this.text(0).replace(/^-$/, "not set");
    return `${this.sample.option} is ${is}, wanted ${this.text(1)}`;
  }

  /** For messages. */
  get what(): string {
    return `${this.kind.name} ${this.sample.option}`;
  }

  /** What ensure is to make of it. */
  described(which: 0 | 1): object[] {
    const { kind, name, lower: [low, , other] } = this;
    const options = Object.fromEntries(
      Object.entries(this.values(which)).map(([option, text]) => [
        option,
        kind.options[option].schema.type === "array"
          ? text.split(/[ ,]/).map(numberOrText)
          : numberOrText(text),
      ]),
    );
    if (kind.isPort) {
      const master = masterOf(kind);
      const port = { kind: master, options };
      return [
        { name: low, master, port, up: true },
        { name: other, master, up: true },
      ];
    }
    const link = kind.lower ? { link: low } : {};
    const ports = this.isMaster
      ? [low, other].map((port) => ({ name: port, master: name }))
      : [];
    return [{ name, kind: kind.name, ...link, options }, ...ports];
  }

  /** The commands of `ip` that make the same. */
  commands(which: 0 | 1): string[] {
    const { kind, name, lower: [low, , other], sample: { option } } = this;
    const values = this.values(which);
    const words = this.words(values);
    if (kind.isPort) {
      return [
        `link set ${low} master ${masterOf(kind)}`,
        `link set ${other} master ${masterOf(kind)}`,
        `link set ${low} type ${kind.name} ${words}`,
      ];
    }
    if (kind.device !== undefined) {
      return [`tuntap add dev ${name} mode ${kind.name} ${words}`];
    }
    if (this.isMaster) {
      const { [option]: value, ...others } = values;
      return [
        `link add ${name} type bond ${this.words(others)}`,
        `link set ${low} master ${name}`,
        `link set ${other} master ${name}`,
        `link set ${name} type bond ${option} ${value}`,
      ];
    }
    const lower = kind.lower ? `link ${low} ` : "";
    return [`link add ${lower}name ${name} type ${kind.name} ${words}`];
  }

  /** The commands of `ip` of which one changes it, if any does. */
  changes(): string[] {
    const { kind, name, needs, sample: { option } } = this;
    const change = { [option]: this.text(1) };
    const all = this.values(1);
    return (kind.together ? [all] : [change, { ...needs, ...change }, all])
      .map((values) =>
        `link set ${name} type ${kind.name} ${this.words(values)}`
      );
  }

  #read(text: string): Values {
    const words = this.#placed(text).split(" ").filter(Boolean);
    const { options } = readKindWords(this.kind.name, words);
    return Object.fromEntries(
      Object.entries(options).map(([option, value]) => [
        option,
        valueText(value),
      ]),
    );
  }

  #placed(text: string): string {
    return text.replaceAll("$n", `${this.local}`)
      .replaceAll("$g", `${this.number}`)
      .replace(
        /\b(l)ow\b|\b(h)igh\b|\b(o)ther\b|\b(f)ar\b/g,
        (_, ...letters) => `${letters.find(Boolean)}${this.number}`,
      );
  }
}

/** The master of ports, named as its kind. */
function masterOf({ name }: LinkKind): string {
  return name.replace("_slave", "");
}

function numberOrText(text: string): number | string {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

/** The masters of ports, and links for the cases to use. */
function lowerLinks(cases: readonly Case[]): string {
  const masters = new Set(
    cases.filter(({ kind }) => kind.isPort).map(({ kind }) => masterOf(kind)),
  );
  const using = cases.filter(({ usesLower }) => usesLower);
  return [
    ...[...masters].map((kind) =>
      `link add ${kind} up type ${kind}` +
      (kind === "bond" ? " mode active-backup" : "")
    ),
    ...using.flatMap(({ kind, lower: [low, high, other, far], number }) => [
      `link add ${low} address 02:00:00:00:0${Math.floor(number / 100)}:${
        number % 100
      } type veth peer ${high}`,
      `link add ${other} type veth peer ${far}`,
      `link set ${high} up`,
      `link set ${far} up`,
      // A bond takes ports that are down.
      ...kind.name === "bridge_slave"
        ? [`link set ${low} up`, `link set ${other} up`]
        : [],
    ]),
  ].join("\n");
}

/** Values that no other link has, and that change by themselves. */
const OWN = /^(bridge_id|root_id|no|.*_timer|designated_.*|seq_nr)$/;

/** What `ip` says of the options of the cases. */
async function seen(netns: Netns): Promise<Map<string, string>> {
  // deno-lint-ignore no-explicit-any -- whatever `ip -j` prints
  const links = await netns.json<any>("-d link");
  return new Map(links.map(({ ifname, linkinfo = {} }) => {
    const { info_data = {}, info_slave_data = {} } = linkinfo;
    const { id: _, ...port } = info_slave_data;
    const data = Object.entries({ ...info_data, ...port })
      .filter(([key]) => !OWN.test(key));
    return [ifname, JSON.stringify(Object.fromEntries(data), null, 1)];
  }));
}

/** Runs commands of each case; returns those that were refused, and why. */
async function refused(
  netns: Netns,
  cases: readonly Case[],
  commands: (one: Case) => readonly string[],
): Promise<Map<Case, string>> {
  const lines = cases.flatMap((one) =>
    commands(one).map((line) => ({ one, line }))
  );
  const { stdout, stderr } = await netns.output("ip", [
    ...["-force", "-batch", "-"],
  ], {
    stdin: [...lines.map(({ line }) => line), "link show lo\n"].join("\n"),
  });
  // A word that `ip` does not know ends it.
  assert(stdout !== "", stderr);
  const parts = stderr.split(/^Command failed -:(\d+)\n/m);
  return new Map(
    parts.flatMap((text, index) =>
      index % 2 === 0
        ? []
        : [[lines[Number(text) - 1].one, parts[index - 1]] as const]
    ),
  );
}

async function tryAll(all: readonly Case[]): Promise<void> {
  await using lab = await Lab.open("ours", "reference", "changed");
  const { ours, reference, changed } = lab;
  const existing = lowerLinks(all);
  await Promise.all(
    [ours, reference, changed].map((netns) => netns.batch(existing)),
  );
  // What `ip` makes, and what it changes.
  const lacking = new Map([
    ...await refused(reference, all, (one) => one.commands(1)),
    ...await refused(changed, all, (one) => one.commands(0)),
  ]);
  const wanted = await seen(reference);
  const first = await seen(changed);
  for (const one of all) {
    const isIgnored = first.get(one.name) === wanted.get(one.name);
    if (isIgnored && !lacking.has(one)) lacking.set(one, "ignored");
  }
  const cases = all.filter((one) => !lacking.has(one));
  await refused(changed, cases, (one) => one.changes());
  const possible = await seen(changed);

  const problems: string[] = [];
  const check = (one: Case, right: boolean, message: string) => {
    if (!right) problems.push(`${one.what}: ${message}`);
  };
  for (const [one, why] of lacking) check(one, LACKED.has(one.what), why);
  const options = { namespace: ours.name };
  const reconcile = (which: 0 | 1) => {
    const links = cases.flatMap((one) => one.described(which));
    return Reconciler.open(parseConfiguration({ links }), options);
  };
  const apply = async (reconciler: Reconciler) => {
    const { refused, unresolved } = await reconciler.apply();
    const failed = refused?.action.name ?? "";
    const what = cases.find(({ name }) => name === failed)?.what;
    assertEquals(refused?.error.message, undefined, `${failed} ${what}`);
    // The second run.
    const left = [...unresolved, ...(await reconciler.plan()).actions];
    for (const { name, reasons } of left) {
      problems.push(`${name} is not stable: ${reasons}`);
    }
  };
  const indexes = async () => {
    const links = await ours.json<{ ifname: string; ifindex: number }>("link");
    return new Map(links.map(({ ifname, ifindex }) => [ifname, ifindex]));
  };
  {
    await using reconciler = await reconcile(0);
    await apply(reconciler);
  }
  const before = await indexes();
  await using reconciler = await reconcile(1);
  const reasons = new Map<string, string[]>();
  for (const action of (await reconciler.plan()).actions) {
    const { name } = action;
    reasons.set(name, [...reasons.get(name) ?? [], ...action.reasons]);
  }
  for (const one of cases) {
    const reported = reasons.get(one.name) ?? [];
    check(one, `${reported}` === one.reason, `${reported}; not ${one.reason}`);
  }
  await apply(reconciler);
  const after = await indexes();
  const found = await seen(ours);
  for (const one of cases) {
    const { name } = one;
    const [is, right] = [found.get(name), wanted.get(name)];
    check(one, is === right, `${is}; ip makes ${right}`);
    const isChanged = before.get(name) === after.get(name);
    const isPossible = possible.get(name) === right;
    check(
      one,
      isChanged === isPossible || one.what in MADE_AGAIN,
      isPossible ? "made again, which ip changes" : "changed, which ip cannot",
    );
  }
  assertEquals(problems, []);

  // Described no more: deleted.
  const kept = lowerLinks(all).matchAll(/ (?:name|set|add|peer) (\w+)/g);
  const none = parseConfiguration({
    exclusive: ["links"],
    links: [...new Set([...kept].map(([, name]) => name))]
      .map((name) => ({ name })),
  });
  await using last = await Reconciler.open(none, options);
  await apply(last);
  const left = await indexes();
  for (const { kind, name } of cases) assert(kind.isPort || !left.has(name));
}

const kinds: LinkKind[] = [];
const missing: string[] = [];
for (const name of KIND_NAMES) {
  // The other end of a pair is a link of its own.
  if (kindNamed(name).pair || samplesOf(kindNamed(name)).length === 0) continue;
  const { device } = kindNamed(name);
  if (device === undefined && !await kernelHas(`type ${name}`)) {
    missing.push(name);
    continue;
  }
  kinds.push(kindNamed(name));
  const port = PORT_KIND_NAMES.some((one) => one === name) && portKind(name);
  if (port) kinds.push(port);
}

Deno.test(
  "ensure makes and changes every option of every kind" +
    (missing.length > 0 ? ` (this kernel has no ${missing.join(", ")})` : ""),
  async () => {
    let number = 100;
    const cases = kinds.flatMap((kind) =>
      samplesOf(kind).map((sample, index) =>
        new Case(kind, sample, number++, 100 + index)
      )
    );
    const isAlone = ({ kind, sample }: Case) =>
      SAMPLES[kind.name]?.alone?.includes(sample.option) ?? false;
    await tryAll(cases.filter((one) => !isAlone(one)));
    for (const one of cases.filter(isAlone)) await tryAll([one]);
  },
);
