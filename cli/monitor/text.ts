// Monitor events as text.

import { IFF_RUNNING, IFF_UP } from "../../ffi/uapi/net_if.ts";
import type { AddressFamily } from "../../lib/rtnetlink/family.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import type {
  AnyObjectEvent,
  MonitorEvent,
  ObjectEvent,
} from "../../lib/rtnetlink/monitor/event.ts";
import { printable } from "../output/printable.ts";
import type { Json } from "../show/shown.ts";
import { style } from "../output/style.ts";
import { mdbEntryText, vlanText, vniText } from "../show/text/bridge.ts";
import { fdbText } from "../show/text/fdb.ts";
import { neighbourText } from "../show/text/neighbour.ts";
import { nexthopText, routeText } from "../show/text/route.ts";
import { classText, qdiscText } from "../show/text/qdisc.ts";
import { ruleText } from "../show/text/rule.ts";
import { plain, type Value } from "../show/text/format.ts";
import { type Change, changesOf } from "./changes.ts";
import { RouteTexts } from "./route_texts.ts";
import { objectJson } from "./object_json.ts";
import { actionOf, type NamedEvent } from "./named_event.ts";

const PLAIN = style(false);

/** Formats events. */
export class EventTexts {
  readonly #routes = new RouteTexts();

  /** An event as one line. */
  text({ event, namespaceName }: NamedEvent): string {
    if (!("object" in event)) return otherText(event);
    if (event.object === "route") {
      return this.#routes.text(event, objectEventText);
    }
    return objectEventText(event, namespaceName);
  }
}

/** The change of an object, and its origin if not a notification. */
function objectEventText(
  event: AnyObjectEvent,
  namespaceName?: string,
): string {
  const text = objectText(event, namespaceName);
  return event.origin === "kernel" ? text : `${text} [${event.origin}]`;
}

function otherText(event: Exclude<MonitorEvent, AnyObjectEvent>): string {
  switch (event.event) {
    case "overrun":
      return "Notifications were lost: resynchronising";
    case "resynchronised":
      return `Resynchronised: ${event.recovered} changes recovered in ${
        event.milliseconds.toFixed(0)
      } ms`;
    case "added":
      return `Network namespace ${printable(event.namespace)} was added`;
    case "removed":
      return `Network namespace ${printable(event.namespace)} was removed`;
    case "ignored": {
      const counts = Object.entries(event.counters)
        .filter(([, count]) => count > 0)
        .map(([what, count]) => `${count} ${what}`);
      return `Messages were ignored: ${counts.join(", ")}`;
    }
  }
}

function objectText(
  event: AnyObjectEvent,
  namespaceName: string | undefined,
): string {
  switch (event.object) {
    case "link":
      return linkText(event, namespaceName);
    case "port":
      return portText(event);
    case "address":
      return addressText(event);
    case "route":
      return tableText(
        event,
        "Routing table was changed",
        of(event.data.family, "route"),
        routeText,
      );
    case "neighbour":
      return tableText(
        event,
        "Neighbour table was changed",
        "neighbour",
        neighbourText,
      );
    case "rule":
      return tableText(
        event,
        "Routing rules were changed",
        of(event.data.family, "rule"),
        ruleText,
      );
    case "nexthop":
      return tableText(
        event,
        "Nexthop objects were changed",
        "nexthop",
        nexthopText,
      );
    case "fdb":
      return tableText(
        event,
        "Forwarding table was changed",
        "entry",
        fdbText,
      );
    case "vlan":
      return tableText(event, "VLANs were changed", "VLAN", onPort(vlanText));
    case "mdb":
      return tableText(
        event,
        "Multicast database was changed",
        "entry",
        mdbEntryText,
      );
    case "vni":
      return tableText(
        event,
        "Network identifiers were changed",
        "identifier",
        onPort(vniText),
      );
    case "qdisc":
      return tableText(
        event,
        "Queueing was changed",
        "qdisc",
        (json) => qdiscText(json, PLAIN).replace(/^qdisc /, ""),
      );
    case "class":
      return tableText(
        event,
        "Queueing was changed",
        "class",
        (json) => classText(json, PLAIN).replace(/^class /, ""),
      );
    case "netns": {
      const { nsid } = event.data;
      return event.event === "delete"
        ? `Namespace id ${nsid} is no longer in use`
        : `Namespace id ${nsid} is assigned to ${
          namespaceName === undefined
            ? "a namespace without a name"
            : printable(namespaceName)
        }`;
    }
  }
}

/** The text of an entry after the name of its port. */
const onPort = (describe: (json: Json) => string) => (json: Json) =>
  `dev ${plain(json.ifname)} ${describe(json)}`;

const FAMILIES: Readonly<Record<string, string>> = {
  inet: "",
  inet6: "IPv6 ",
  mpls: "MPLS ",
  ipmr: "IPv4 multicast ",
  ip6mr: "IPv6 multicast ",
};

/** A noun with the address family, except for IPv4. */
function of(family: AddressFamily, noun: string): string {
  return (FAMILIES[family] ?? `${family} `) + noun;
}

/** "UP RUNNING", the usual wording of such monitors. */
function state({ flags }: Link): string {
  const up = flags & IFF_UP ? "UP" : "DOWN";
  return `${up} ${flags & IFF_RUNNING ? "RUNNING" : "NOT RUNNING"}`;
}

function linkText(
  event: ObjectEvent<"link">,
  namespaceName: string | undefined,
): string {
  const { data, previous } = event;
  const name = printable(data.name);
  if (event.event === "new") {
    const { kind = "device", mtu, address } = data;
    const more = [printable(kind), `mtu ${mtu}`, ...address ? [address] : []];
    return `New network interface ${name}, state: ${state(data)} (${
      more.join(", ")
    })`;
  }
  if (event.event === "delete") {
    if (actionOf(event) !== "moved") {
      return `Network interface ${name} was removed`;
    }
    const { newNetnsid, newIfindex } = data;
    const where = namespaceName === undefined
      ? `id ${newNetnsid}`
      : printable(namespaceName);
    const index = newIfindex === undefined ? "" : `, as number ${newIfindex}`;
    return `Network interface ${name} was moved to namespace ${where}${index}`;
  }
  const renamed = actionOf(event) === "renamed";
  const changes = changesOf(event).filter(({ key }) =>
    !(renamed && key === "ifname")
  );
  const flags = data.flags !== previous?.flags;
  const lead = renamed
    ? `Network interface ${
      printable(previous?.name ?? "")
    } was renamed to ${name}`
    : `Network interface ${name} was changed`;
  return lead + (flags ? `, state: ${state(data)}` : "") +
    (changes.length === 0 ? "" : `: ${changesText(changes)}`);
}

function portText(event: ObjectEvent<"port">): string {
  const json = objectJson(event, "data", {});
  const [name, bridge] = [plain(json.ifname), plain(json.master)];
  switch (event.event) {
    case "new":
      return `Interface ${name} joined bridge ${bridge}: state ${
        plain(json.state ?? "unknown")
      }`;
    case "delete":
      return `Interface ${name} left bridge ${bridge}`;
    case "change":
      return `Interface ${name} was changed as a port of bridge ${bridge}: ${
        changesText(changesOf(event))
      }`;
  }
}

function addressText(event: ObjectEvent<"address">): string {
  const { data, names } = event;
  const lead = `Interface ${printable(names.name(data.ifindex))}`;
  const address = data.peer === undefined
    ? `${data.address}/${data.prefixLength}`
    : `${data.address} peer ${data.peer}/${data.prefixLength}`;
  switch (event.event) {
    case "new":
      return `${lead}: new address was assigned: ${address}`;
    case "delete":
      return `${lead}: address was removed: ${address}`;
    case "change":
      return `${lead}: address was changed: ${address}: ${
        changesText(changesOf(event))
      }`;
  }
}

/** The change of an entry of a kernel table. */
function tableText(
  event: AnyObjectEvent,
  lead: string,
  noun: string,
  describe: (json: Json) => string,
): string {
  const entry = onOneLine(describe(objectJson(event, "data", {})));
  switch (event.event) {
    case "new":
      return `${lead}: new ${noun}: ${entry}`;
    case "delete":
      return `${lead}: ${noun} was deleted: ${entry}`;
    case "change":
      return `${lead}: ${noun} was changed: ${entry}: ${
        changesText(changesOf(event))
      }`;
  }
}

/** Joins the lines and columns of a text, such as a multipath route. */
function onOneLine(text: string): string {
  return /[\t\n]/.test(text) ? text.replaceAll(/\s+/g, " ").trim() : text;
}

/** "mtu 1500 -> 1400, flags +UP", in the order of `show`. */
function changesText(changes: readonly Change[]): string {
  return changes.map(changeText).join(", ");
}

function changeText({ key, before, now }: Change): string {
  const name = printable(key.slice(key.lastIndexOf(".") + 1));
  if (isSign(before) && now === undefined) return `-${name}`;
  if (isSign(now) && before === undefined) return `+${name}`;
  if (Array.isArray(before) && Array.isArray(now)) {
    const words = [
      ...now.filter((one) => !before.includes(one)).map((one) => `+${one}`),
      ...before.filter((one) => !now.includes(one)).map((one) => `-${one}`),
    ];
    // Nested values are part of the entry.
    const parts = [...before, ...now].some((one) => typeof one === "object");
    return parts ? name : `${name} ${printable(words.join(" "))}`;
  }
  // A field that `show` does not print.
  if (before === undefined && now === undefined) return name;
  return `${name} ${valueText(key, before)} -> ${valueText(key, now)}`;
}

/** Whether a value only marks the presence of its key. */
function isSign(value: Value | undefined): boolean {
  return value === null || value === true;
}

function valueText(key: string, value: Value | undefined): string {
  if (value === undefined || value === null) return "none";
  return key.endsWith("_life_time") && value === FOREVER
    ? "forever"
    : plain(value);
}

const FOREVER = 0xffffffff;
