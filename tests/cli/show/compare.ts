// Ours beside iproute2's, in the same namespace, a moment apart.

import { style } from "../../../cli/output/style.ts";
import { linkText } from "../../../cli/show/text/link.ts";
import { printableJson } from "../../../cli/output/printable.ts";
import { showAddresses } from "../../../cli/show/address.ts";
import { showLinks } from "../../../cli/show/link.ts";
import { showNeighbours } from "../../../cli/show/neighbour.ts";
import { showNexthops } from "../../../cli/show/nexthop.ts";
import { showRoutes } from "../../../cli/show/route.ts";
import { showRules } from "../../../cli/show/rule.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { assert, assertEquals } from "@std/assert";
import { type Netns, run } from "../../support/netns.ts";
import {
  assertSameJson,
  parseIpJson,
  withoutLocks,
} from "../../support/same_json.ts";
import { settled } from "../../support/settled.ts";

const PLAIN = style(false);

const SHOW = {
  link: showLinks,
  address: showAddresses,
  route: showRoutes,
  neighbour: showNeighbours,
  rule: showRules,
  nexthop: showNexthops,
};

type Object = keyof typeof SHOW;
type Options<O extends Object> = Parameters<typeof SHOW[O]>[1];

/** Options of `ip` for details and statistics. */
const DEPTHS = [
  { flags: [], options: {} },
  { flags: ["-d"], options: { details: true } },
  { flags: ["-s"], options: { statistics: true } },
  { flags: ["-s", "-s"], options: { statistics: 2 as const } },
  { flags: ["-d", "-s"], options: { details: true, statistics: true } },
];

/**
 * Fails unless we show what `ip -j [-d] [-s] COMMAND` shows.
 *
 * @param command What follows the flags, for example "-4 address show dev lo".
 * @param options The same for us.
 * @returns What was shown with details and statistics.
 */
export async function assertShows<O extends Object>(
  netns: Netns,
  object: O,
  command: string,
  options: Options<O>,
): Promise<Record<string, unknown>[]> {
  await using route = RouteSocket.open({ namespace: netns.name });
  let shown: Record<string, unknown>[] = [];
  for (const depth of DEPTHS) {
    const words = [
      "-n",
      netns.name,
      "-j",
      ...depth.flags,
      ...command.split(" "),
    ];
    const show = SHOW[object] as (
      route: RouteSocket,
      options: unknown,
    ) => ReturnType<typeof showLinks>;
    shown = await settled(async () => {
      const text = await run("ip", words);
      const theirs = withoutHoles(parseIpJson(text));
      const answer = await show(route, { ...options, ...depth.options });
      const objects = [...answer.objects];
      assertEquals(answer.interrupted, false);
      if (answer.json !== undefined) {
        const json = `[${objects.map((one) => printableJson(one))}]`;
        assertEquals(await new Blob(copies(answer.json)).text(), json);
      }
      assertSameJson(
        withoutLocks(JSON.parse(JSON.stringify(objects))),
        theirs,
        `ip ${words.join(" ")} `,
      );
      return objects;
    });
    assert(shown.length > 0, `ip ${words.join(" ")} shows nothing`);
  }
  assertEquals(route.counters, {
    malformed: 0,
    truncated: 0,
    foreignSender: 0,
    foreignSequence: 0,
  });
  return shown;
}

/** The memory of a piece is used again for the next. */
function copies(pieces: Iterable<Uint8Array<ArrayBuffer>>) {
  return Array.from(pieces, (piece) => piece.slice());
}

/** iproute2 prints {} for a link or an address that a filter leaves out. */
function withoutHoles(
  objects: Record<string, unknown>[],
): Record<string, unknown>[] {
  return objects.filter((one) => Object.keys(one).length > 0).map((one) =>
    Array.isArray(one.addr_info)
      ? { ...one, addr_info: withoutHoles(one.addr_info) }
      : one
  );
}

/** Fails unless the text of the details of links is that of `ip -d link`. */
export async function assertSameText(netns: Netns): Promise<void> {
  await using route = RouteSocket.open({ namespace: netns.name });
  const words = (text: string) =>
    // Timers run; the JSON of a port has one key for two values; `ip` omits a
    // space.
    text.replace("vnifilterid", "vnifilter id")
      .replaceAll(/timer +[\d.]+|mcast_fast_leave o\w+ /g, "")
      .split("\n").map((line) => line.trim().replaceAll(/ +/g, " "))
      .filter((line) => line !== "");
  const theirs = words(await netns.ip("-d link"));
  const { objects } = await showLinks(route, {
    details: true,
    namesNamespaces: true,
  });
  const ours = [...objects].flatMap((one) => words(linkText(one, PLAIN)));
  assertEquals(ours, theirs);
}
