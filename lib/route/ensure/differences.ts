// All that differs between a description and what there is, as steps in the
// order in which they can be done.

import { tryParseIPv4, tryParseIPv6 } from "../../address.ts";
import { tryParseCidr } from "../../cidr.ts";
import type { RouteSpec } from "../change/route.ts";
import type { Link } from "../link/link.ts";
import { addressCorrection } from "./address_difference.ts";
import type { Correction } from "./decoded.ts";
import type {
  DesiredLink,
  DesiredNamespace,
  DesiredNetwork,
  NamespaceName,
} from "./desired.ts";
import { extras } from "./extras.ts";
import {
  changeStep,
  clearStep,
  makeStep,
  newLoopbackStep,
} from "./link_steps.ts";
import { routeName, ruleName } from "./names.ts";
import {
  neighbourCorrection,
  nexthopCorrection,
  ruleCorrection,
} from "./other_differences.ts";
import { routeCorrection } from "./route_difference.ts";
import { NOTHING, type State } from "./state.ts";
import { Order, type Step, type StepObject } from "./step.ts";
import {
  type Survey,
  survey,
  type View,
  type Whereabouts,
} from "./whereabouts.ts";

/** A described link that cannot be made and is not there. */
export interface Missing {
  /** The namespace it is to be in. */
  readonly namespace: NamespaceName;
  /** Its name. */
  readonly name: string;
}

/** What differs. */
export interface Differences {
  /** In the order in which they can be done. */
  readonly steps: readonly Step[];
  /** Devices of the machine that are waited for. */
  readonly missing: readonly Missing[];
}

/** Finds all that differs, and notes where the links are. */
export async function differences(
  desired: DesiredNetwork,
  view: View,
  whereabouts: Whereabouts,
): Promise<Differences> {
  const found = await survey(desired, view, whereabouts);
  for (const [link, { namespace, link: { ifindex } }] of found.found) {
    whereabouts.saw(link, { namespace, ifindex });
  }
  const states = new Map(
    desired.namespaces.map(({ name }) =>
      [name, afterwards(name, desired, found, view)] as const
    ),
  );
  const links = desired.namespaces.flatMap(({ links }) => links);
  const missing = links.filter((link) =>
    link.kind === undefined && !found.found.has(link) && !isNew(link, view)
  );
  return {
    steps: [
      ...namespaceSteps(desired, view),
      ...clearSteps(found),
      ...links.flatMap((link) => linkSteps(link, links, found, states, view)),
      ...desired.namespaces.flatMap((namespace) => {
        const state = states.get(namespace.name) ?? NOTHING;
        return [
          ...objectSteps(namespace, state, missing),
          ...extras(namespace, state, atHome(namespace, found)),
        ];
      }),
    ],
    missing: missing.map(({ namespace, name }) => ({ namespace, name })),
  };
}

function namespaceSteps({ namespaces }: DesiredNetwork, view: View): Step[] {
  return namespaces.flatMap(({ name }) =>
    name === undefined || view.state(name) !== undefined ? [] : [{
      action: "add",
      object: "namespace",
      namespace: name,
      name,
      what: `add namespace ${name}`,
      reasons: [],
      parts: [],
      undo: [],
    }]
  );
}

function clearSteps({ inTheWay }: Survey): Step[] {
  return [...inTheWay].flatMap(([{ peer, isPeer }, located]) =>
    // A pair goes as one.
    isPeer && peer && inTheWay.has(peer) ? [] : [clearStep(located)]
  );
}

function linkSteps(
  link: DesiredLink,
  links: readonly DesiredLink[],
  { found }: Survey,
  states: ReadonlyMap<NamespaceName, State>,
  view: View,
): Step[] {
  const located = found.get(link);
  if (located !== undefined) {
    const home = states.get(link.namespace) ?? NOTHING;
    const from = states.get(link.from) ?? NOTHING;
    return changeStep(link, located, { links, home, from, view });
  }
  if (link.kind === undefined) {
    return isNew(link, view) ? [newLoopbackStep(link)] : [];
  }
  // The other end is made with this one.
  return link.isPeer ? [] : [makeStep(link, links, view)];
}

/** Whether it is the link that a namespace to be made begins with. */
function isNew({ name, namespace }: DesiredLink, view: View): boolean {
  return name === "lo" && view.state(namespace) === undefined;
}

function atHome(
  { name, links }: DesiredNamespace,
  { found }: Survey,
): Map<DesiredLink, Link> {
  return new Map(links.flatMap((desired) => {
    const located = found.get(desired);
    return located && located.namespace === name
      ? [[desired, located.link] as const]
      : [];
  }));
}

/** What there is in a namespace once links are gone and renamed. */
function afterwards(
  name: NamespaceName,
  { namespaces }: DesiredNetwork,
  { found, inTheWay }: Survey,
  view: View,
): State {
  const links = namespaces.flatMap(({ links }) => links);
  const state = view.state(name) ?? NOTHING;
  const gone = new Set<number>();
  for (const { link, namespace } of inTheWay.values()) {
    if (namespace === name) gone.add(link.ifindex);
  }
  const called = new Map<string, Link>();
  for (const desired of links) {
    if (desired.namespace !== name) continue;
    const located = found.get(desired);
    if (located === undefined) {
      const there = state.named(desired.name);
      if (there !== undefined) gone.add(there.ifindex);
    } else if (
      located.namespace === name && located.link.name !== desired.name
    ) {
      called.set(desired.name, located.link);
    }
  }
  return state.changed(gone, called);
}

/** The steps for addresses, routes and so on. */
function objectSteps(
  namespace: DesiredNamespace,
  state: State,
  missing: readonly Missing[],
): Step[] {
  const { name: where, links, routes, neighbours, rules, nexthops } = namespace;
  const absent = new Set(
    missing.filter(({ namespace }) => namespace === where)
      .map(({ name }) => name),
  );
  /** Whether it has to wait for a device that is not there. */
  const waits = ({ dev }: { readonly dev?: string | number }) =>
    dev !== undefined && absent.has(String(dev));
  const steps: Step[] = [];
  const take = (
    object: StepObject,
    order: number,
    name: string,
    correction: Correction | undefined,
  ) => {
    if (correction === undefined) return;
    const { action, reasons, changes, undo } = correction;
    steps.push({
      action,
      object,
      namespace: where,
      name,
      what: `${action} ${object} ${name}`,
      reasons,
      parts: [{ order, where, changes }],
      undo,
    });
  };
  for (const { name, addresses } of links) {
    if (absent.has(name)) continue;
    for (const one of addresses) {
      take(
        "address",
        Order.address,
        `${one.address} of ${name}`,
        addressCorrection(name, one, state),
      );
    }
  }
  for (const spec of neighbours) {
    if (waits(spec)) continue;
    const name = `${spec.to} of ${spec.dev}`;
    take("neighbour", Order.neighbour, name, neighbourCorrection(spec, state));
  }
  for (const spec of nexthops) {
    if (waits(spec)) continue;
    // A group needs its members.
    const order = Order.nexthop + (spec.group === undefined ? 0 : 1);
    take("nexthop", order, `${spec.id}`, nexthopCorrection(spec, state));
  }
  for (const spec of routes) {
    if (waits(spec) || spec.nexthops?.some(waits)) continue;
    const order = Order.route + Math.min(99, distance(spec, routes));
    take("route", order, routeName(spec), routeCorrection(spec, state));
  }
  for (const spec of rules) {
    take("rule", Order.rule, ruleName(spec), ruleCorrection(spec, state));
  }
  return steps;
}

/** How many other routes of a description a route needs. */
function distance(
  spec: RouteSpec,
  routes: readonly RouteSpec[],
  depth = 0,
): number {
  const gateways = [spec, ...spec.nexthops ?? []].flatMap(({ via }) =>
    via ?? []
  );
  if (gateways.length === 0 || depth > routes.length) return 0;
  const needed = routes.filter((other) =>
    other !== spec && gateways.some((gateway) => covers(other, gateway))
  );
  return 1 +
    Math.max(
      0,
      ...needed.map((other) => distance(other, routes, depth + 1)),
    );
}

/** Whether a route leads to an address; a default route is no such help. */
function covers({ to }: RouteSpec, gateway: string): boolean {
  const network = tryParseCidr(to);
  const bytes = tryParseIPv4(gateway) ?? tryParseIPv6(gateway);
  if (
    network === undefined || bytes === undefined || network.prefix === 0 ||
    network.address.length !== bytes.length
  ) return false;
  for (let bit = 0; bit < network.prefix; bit++) {
    const mask = 0x80 >> (bit & 7);
    if ((network.address[bit >> 3] & mask) !== (bytes[bit >> 3] & mask)) {
      return false;
    }
  }
  return true;
}
