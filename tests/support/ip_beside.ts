// The same command lines run by `ip` in one namespace and by `netplumb ip` in
// another: which of them are refused, what comes of them, what they print.

import { assertEquals } from "@std/assert";
import { denoRun } from "./command.ts";
import { Lab, type Netns, type Output, output } from "./netns.ts";
import { assertSameJson, parseIpJson, withoutLocks } from "./same_json.ts";
import { settled } from "./settled.ts";
import { isOfItsLink } from "./inventory.ts";

const env = { NO_COLOR: "1" };

/** Runs `ip` on a namespace. */
export function runTheirs(
  netns: Netns,
  flags: readonly string[],
  lines: readonly string[],
): Promise<Output> {
  const args = ["-n", netns.name, ...flags, "-batch", "-"];
  return output("ip", args, { stdin: `${lines.join("\n")}\n`, env });
}

/** Runs `netplumb ip` on a namespace. */
export function runOurs(
  netns: Netns,
  flags: readonly string[],
  lines: readonly string[],
): Promise<Output> {
  const args = ["ip", "-n", netns.name, ...flags, "-batch", "-"];
  return output(Deno.execPath(), [...denoRun(), ...args], {
    stdin: `${lines.join("\n")}\n`,
    env,
  });
}

/** The lines that were refused. */
function refused({ stderr }: Output, lines: readonly string[]): string[] {
  return Array.from(
    stderr.matchAll(/^Command failed -:(\d+)$/gm),
    ([, number]) => lines[Number(number) - 1]!,
  );
}

/** What is compared after the changes. */
const DUMPS = [
  { flags: ["-d"], lines: ["link", "address", "nexthop"] },
  {
    flags: ["-4", "-d"],
    lines: [
      "route show table all",
      "rule",
      "neighbour show nud all",
      "neighbour show proxy",
    ],
  },
  {
    flags: ["-6", "-d"],
    lines: [
      "route show table all",
      "rule",
      "neighbour show nud permanent",
      "neighbour show proxy",
    ],
  },
];

/** What differs between any two links. */
const OWN = ["address", "permaddr", "bridge_id", "root_id", "ifindex"];

/** What counts down by itself. */
const MOVING = ["expires", "valid_life_time", "preferred_life_time"];

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((one) => !isOfItsLink(one)).map(comparable);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key, inner]) =>
      !OWN.includes(key) || typeof inner === "string" && !inner.includes(":")
    ).map(([key, inner]) => [
      key,
      MOVING.includes(key) ? null : comparable(inner),
    ]),
  );
}

/** Parses a JSON array in each line. */
function arrays(text: string): unknown[] {
  return text.split("\n").filter((line) => line.trim() !== "")
    .map(parseIpJson);
}

/** `ip` prints {} for what its filter leaves out. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((one) => JSON.stringify(one) !== "{}")
      .map(withoutEmpty);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutEmpty(inner)]),
  );
}

async function state(netns: Netns): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const { flags, lines } of DUMPS) {
    const { stdout } = await runTheirs(netns, [...flags, "-j"], lines);
    for (const one of arrays(stdout)) {
      const objects = comparable(one) as unknown[];
      // The kernel lists routes of several links in the order of their events.
      all.push(objects.map((object) => JSON.stringify(object)).toSorted());
    }
  }
  return all;
}

type Namespaces = AsyncDisposable & {
  readonly theirs: Netns;
  readonly ours: Netns;
};

/** Two namespaces for the same lines. */
export class IpBeside implements AsyncDisposable {
  readonly #lab: Namespaces;

  private constructor(lab: Namespaces) {
    this.#lab = lab;
  }

  static async open(): Promise<IpBeside> {
    return new IpBeside(await Lab.open("theirs", "ours"));
  }

  /** Runs the lines in both: the same are refused, and the same comes of them. */
  async change(
    lines: readonly string[],
    ...flags: string[]
  ): Promise<void> {
    const { theirs, ours } = this.#lab;
    const all = ["-force", ...flags];
    const wanted = await runTheirs(theirs, all, lines);
    const found = await runOurs(ours, all, lines);
    assertEquals(
      refused(found, lines),
      refused(wanted, lines),
      `refused lines; ours:\n${found.stderr}\ntheirs:\n${wanted.stderr}`,
    );
    assertEquals(found.code, wanted.code, found.stderr);
    await settled(async () => {
      assertEquals(await state(ours), await state(theirs));
    });
  }

  /** Runs lines that print in one namespace: the same text, the same JSON. */
  async print(lines: readonly string[], ...flags: string[]): Promise<void> {
    const { theirs } = this.#lab;
    await settled(async () => {
      const [wanted, found] = await Promise.all([
        runTheirs(theirs, flags, lines),
        runOurs(theirs, flags, lines),
      ]);
      assertEquals(found.code, wanted.code, found.stderr);
      if (flags.includes("-j")) {
        assertSameJson(
          arrays(found.stdout).map((objects) =>
            withoutLocks(objects as Record<string, unknown>[])
          ),
          withoutEmpty(arrays(wanted.stdout)),
        );
      } else {
        assertEquals(trimmed(found.stdout), trimmed(wanted.stdout));
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab[Symbol.asyncDispose]();
  }
}

/**
 * Seconds count down between two looks; iproute2 6.1 does not print the origin of
 * an address.
 */
function trimmed(text: string): string {
  return text.replace(/\b\d+sec\b/g, "Nsec")
    .replace(/ proto kernel_\w+/g, "");
}
