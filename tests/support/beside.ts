// The same change requested by `ip` in one namespace and by netplumb in another
// that is just like it: the same messages, and the same comes of them.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { showAddresses } from "../../cli/show/address.ts";
import { showLinks } from "../../cli/show/link.ts";
import { showNeighbours } from "../../cli/show/neighbour.ts";
import { showNexthops } from "../../cli/show/nexthop.ts";
import { showRoutes } from "../../cli/show/route.ts";
import { showRules } from "../../cli/show/rule.ts";
import type { Shown } from "../../cli/show/shown.ts";
import { errnoText, type SystemError } from "../../ffi/errno.ts";
import {
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWLINKPROP,
  RTM_NEWMDB,
  RTM_NEWNEIGH,
  RTM_NEWNEXTHOP,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from "../../ffi/uapi/linux_rtnetlink.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import { Network } from "../../lib/rtnetlink/network.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import { inventory, isOfItsLink } from "./inventory.ts";
import { Lab, type Netns } from "./netns.ts";
import { assertSameJson, withoutLocks } from "./same_json.ts";
import { assertSameRequests, sentBy, type Shape } from "./sent.ts";
import { settled } from "./settled.ts";

/** A table of the kernel's: the command that shows it, and ours. */
interface View {
  readonly command: string;
  show(socket: RouteSocket): Promise<Shown>;
}

/** Messages of one kind of object. */
interface Messages {
  /** The size of their struct. */
  readonly header: number;
  readonly shape?: Shape;
  readonly views: readonly View[];
}

/** AF_INET6 inside IFLA_AF_SPEC. */
const AF_SPEC: Shape = { 26: { inside: { 10: { inside: {} } } } };
const DATA: Shape = { 1: { skip: 16, inside: AF_SPEC } };
const details = true;

function linkMessages(data: Shape): Messages {
  return {
    header: 16,
    // IFLA_LINKINFO: IFLA_INFO_DATA, IFLA_INFO_SLAVE_DATA; IFLA_PROP_LIST.
    shape: {
      ...AF_SPEC,
      18: { inside: { 2: { inside: data }, 5: { inside: {} } } },
      52: { inside: {} },
    },
    views: [
      { command: "-d link", show: (socket) => showLinks(socket, { details }) },
    ],
  };
}

const families = (["inet", "inet6"] as const).map((family) => ({
  family,
  flag: family === "inet" ? "-4" : "-6",
}));

/** By RTM_NEW* / 4: the numbers come in fours, NEW, DEL, GET, SET. */
const MESSAGES = new Map<number, Messages>([
  [RTM_NEWLINK >> 2, linkMessages({})],
  [RTM_NEWLINKPROP >> 2, linkMessages({})],
  [RTM_NEWADDR >> 2, {
    header: 8,
    views: [
      { command: "address", show: (socket) => showAddresses(socket, {}) },
    ],
  }],
  [RTM_NEWROUTE >> 2, {
    header: 12,
    // RTA_METRICS, RTA_MULTIPATH, RTA_ENCAP with SEG6_LOCAL_*.
    shape: {
      8: { inside: {} },
      9: { skip: 8, structs: true, inside: { 22: { inside: {} } } },
      22: { inside: { 10: { inside: {} }, 11: { inside: {} } } },
    },
    views: families.map(({ family, flag }) => ({
      command: `-d ${flag} route show table all`,
      show: (socket) => showRoutes(socket, { details, family }),
    })),
  }],
  [RTM_NEWNEIGH >> 2, {
    header: 12,
    views: [
      {
        command: "neighbour show nud all",
        show: (socket) => showNeighbours(socket, { all: true }),
      },
      {
        command: "neighbour show proxy",
        show: (socket) => showNeighbours(socket, { proxy: true }),
      },
    ],
  }],
  // MDBA_SET_ENTRY_ATTRS. Solicited-node groups differ with the addresses.
  [RTM_NEWMDB >> 2, { header: 8, shape: { 2: { inside: {} } }, views: [] }],
  [RTM_NEWRULE >> 2, {
    header: 12,
    views: families.map(({ family, flag }) => ({
      command: `-d ${flag} rule`,
      show: (socket) => showRules(socket, { details, family }),
    })),
  }],
  [RTM_NEWNEXTHOP >> 2, {
    header: 8,
    // NHA_ENCAP.
    shape: { 8: { inside: {} } },
    views: [
      {
        command: "-d nexthop",
        show: (socket) => showNexthops(socket, { details }),
      },
    ],
  }],
]);

const VETH = linkMessages(DATA);

/** What differs between any two links of a kind. */
const OWN = ["address", "permaddr", "bridge_id", "root_id", "lladdr"];

/** Two namespaces that are alike: `ip` works in one, netplumb in the other. */
export class Beside implements AsyncDisposable {
  readonly #lab: AsyncDisposable & {
    readonly theirs: Netns;
    readonly ours: Netns;
  };
  readonly #networks: { readonly theirs: Network; readonly ours: Network };
  /** What was there before the first change. */
  readonly #before: readonly string[];

  private constructor(
    lab: AsyncDisposable & { readonly theirs: Netns; readonly ours: Netns },
    before: readonly string[],
  ) {
    this.#lab = lab;
    this.#before = before;
    this.#networks = {
      theirs: Network.open({ namespace: lab.theirs.name }),
      ours: Network.open({ namespace: lab.ours.name }),
    };
  }

  /** @param setup Lines of `ip -batch` for both. */
  static async open(setup = ""): Promise<Beside> {
    const lab = await Lab.open("theirs", "ours");
    let before: string[] = [];
    try {
      await Promise.all([lab.theirs.batch(setup), lab.ours.batch(setup)]);
      // Links that are set up get their last routes a moment later.
      await settled(async () => {
        before = await inventory(lab.theirs);
        assertEquals(await inventory(lab.ours), before);
      });
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
    return new Beside(lab, before);
  }

  /** Runs `ip` in both, whether it succeeds or not. */
  async both(command: string): Promise<void> {
    for (const netns of [this.#lab.theirs, this.#lab.ours]) {
      await netns.output("ip", command.split(" "));
    }
  }

  /** Makes a change in both; one that is refused is not an error. */
  async undo(change: Change): Promise<void> {
    for (const network of [this.#networks.theirs, this.#networks.ours]) {
      try {
        await network.applyEach([change]);
      } catch (error) {
        // Nothing is there to be undone.
        if (!(error instanceof NetlinkError)) throw error;
      }
    }
  }

  /** Fails unless `ip` shows what was there at first, and nothing else. */
  async assertNothingLeft(): Promise<void> {
    const { theirs, ours } = this.#lab;
    await settled(async () => {
      for (const netns of [theirs, ours]) {
        assertEquals(await inventory(netns), this.#before);
      }
    });
  }

  /**
   * Makes a change both ways and compares the results.
   *
   * @param command What follows `ip`, or `bridge` and what follows that.
   * @param change The same as a value.
   * @param moves Whether what comes of it changes by itself, so that there is
   * nothing to compare.
   * @returns Whether the kernel accepted the change.
   */
  async compare(
    command: string,
    change: Change,
    moves = false,
  ): Promise<boolean> {
    const { theirs } = this.#lab;
    const words = command.split(" ");
    if (words[0] !== "bridge") words.unshift("ip");
    const { sent, code, stderr } = await sentBy(theirs, ...words);
    assert(sent.length > 0, `${command}: ${stderr}`);
    const messages = / type v(eth|xcan) /.test(command)
      ? VETH
      : MESSAGES.get(sent[0].type >> 2);
    assert(messages !== undefined, `message type ${sent[0].type}`);
    const { header, shape, views } = messages;
    using prepared = await this.#networks.ours.prepare([change]);
    const requests = prepared.requests.flat();
    assertSameRequests(requests, sent, header, shape, command);

    const [result] = await this.#networks.ours.applyEach([change]);
    if ("error" in result) {
      assert(code !== 0, `ip ${command} did it, we: ${result.error.message}`);
      const { error } = result;
      // ip prints the kernel's words, or else the error's own.
      const words = error instanceof NetlinkError
        ? error.ack.message
        : undefined;
      const said = words ?? errnoText(error.errno);
      assert(
        stderr.toLowerCase().includes(said.toLowerCase()),
        `${command}: ${said}, ip: ${stderr}`,
      );
      assertTells(error, change, words);
      return false;
    }
    assertEquals(code, 0, `ip ${command}: ${stderr}`);
    if (!moves) await settled(() => this.#sameViews(views));
    if (words[0] === "bridge") await this.#sameBridges();
    return true;
  }

  /** What netplumb has no view of, `bridge` has. */
  async #sameBridges(): Promise<void> {
    const [one, other] = await Promise.all(
      [this.#lab.theirs, this.#lab.ours].map((netns) =>
        netns.run("bridge", ["-j", "vlan"])
      ),
    );
    assertEquals(JSON.parse(other), JSON.parse(one));
  }

  async #sameViews(views: readonly View[]): Promise<void> {
    const { theirs, ours } = this.#lab;
    for (const { command, show } of views) {
      const [one, other] = await Promise.all([
        readBoth(theirs, this.#networks.theirs, command, show),
        readBoth(ours, this.#networks.ours, command, show),
      ]);
      assertSameJson(one, other, command);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#networks.theirs.close();
    await this.#networks.ours.close();
    await this.#lab[Symbol.asyncDispose]();
  }
}

/** Fails unless an error says what was tried, what the kernel says, what to do. */
function assertTells(
  { message }: SystemError,
  { what }: Change,
  words: string | undefined,
): void {
  assert(message.startsWith(`${what}: `), message);
  if (words !== undefined) assertStringIncludes(message, words);
  if (words?.includes("Unknown device type")) {
    assert(
      / load the module \w+ with modprobe\(8\)/.test(message),
      message,
    );
  }
}

/** What `ip -j` shows, once it is sure that netplumb shows the same. */
async function readBoth(
  netns: Netns,
  { socket }: Network,
  command: string,
  show: View["show"],
): Promise<unknown> {
  const theirs = await netns.json(command);
  const { objects } = await show(socket);
  const ours = withoutLocks(JSON.parse(JSON.stringify([...objects])));
  assertSameJson(ours, theirs, command);
  const own = (key: string, value: unknown) =>
    OWN.includes(key)
      ? undefined
      : Array.isArray(value)
      ? value.filter((one) => !isOfItsLink(one))
      : value;
  // Proxies of no link outlive the namespaces of earlier tests, see there.
  const kept = command.endsWith("proxy")
    ? theirs.filter(({ dev }) => dev !== undefined)
    : theirs;
  // Routes of one metric come in the order in which their links came up.
  return kept.filter((one) => !isOfItsLink(one))
    .map((one) => JSON.stringify(one, own)).toSorted()
    .map((text) => JSON.parse(text));
}
