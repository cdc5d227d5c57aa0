// Links and addresses as the text of `ip`, also on one line and in brief.

import { style } from "../output/style.ts";
import type { Json } from "../show/shown.ts";
import { linkText } from "../show/text/link.ts";
import { isJson, list, plain } from "../show/text/format.ts";
import type { Session } from "./session.ts";

const PLAIN = style(false);

/** The line of an address. */
const ADDRESS = /^ {4}(inet6?|family) /;

/** What `ip -brief` prints as JSON. */
const BRIEF = {
  link: ["link", "link_index", "ifname", "operstate", "address", "flags"],
  address: ["link", "link_index", "ifname", "operstate", "addr_info"],
};
const BRIEF_ADDRESS = ["local", "address", "prefixlen", "metric"];

function only(json: Json, keys: readonly string[]): Json {
  return Object.fromEntries(
    keys.flatMap((key) => json[key] === undefined ? [] : [[key, json[key]]]),
  );
}

/** The objects to print: with -brief, less of them. */
export function shownLinks(
  objects: readonly Json[],
  { options: { brief } }: Session,
  what: "link" | "address",
): Json[] {
  if (!brief) return [...objects];
  return objects.map((one) => ({
    ...only(one, BRIEF[what]),
    ...(what === "address" && {
      addr_info: list(one.addr_info).map((address) =>
        isJson(address) ? only(address, BRIEF_ADDRESS) : address
      ),
    }),
  }));
}

/** The lines of a link. */
export function linkLines(
  json: Json,
  { options: { brief, oneline, statistics } }: Session,
  what: "link" | "address",
): string[] {
  if (brief) return [briefLine(json, what)];
  let address = 0;
  const lines = linkText(json, PLAIN, statistics > 1).split("\n").map(
    (line) => {
      if (!ADDRESS.test(line)) return line;
      const one = list(json.addr_info)[address++];
      // `ip` ends each word but a label with a space.
      return isJson(one) && one.label === undefined ? `${line} ` : line;
    },
  );
  return oneline && what === "address" ? addressLines(json, lines) : lines;
}

/** A line for each address: of `ip -oneline address`. */
function addressLines({ ifindex, ifname }: Json, lines: string[]): string[] {
  const addresses: string[] = [];
  for (const line of lines) {
    if (ADDRESS.test(line)) {
      addresses.push(`${ifindex}: ${plain(ifname)}${line}`);
    } else if (addresses.length > 0 && line.startsWith("       valid_lft")) {
      addresses.push(`${addresses.pop()}\\${line}`);
    }
  }
  return addresses.length === 0 ? [] : [addresses.join("\n")];
}

function briefLine(json: Json, what: "link" | "address"): string {
  const lower = json.link === null
    ? "@NONE"
    : json.link_index !== undefined
    ? `@if${json.link_index}`
    : json.link !== undefined
    ? `@${plain(json.link)}`
    : "";
  const name = `${plain(json.ifname)}${lower}`.padEnd(16);
  const state = plain(json.operstate ?? "").padEnd(14);
  const rest = what === "link"
    ? [
      ...(json.address === undefined ? [] : [plain(json.address)]),
      `<${plain(json.flags ?? [])}>`,
    ]
    : list(json.addr_info).flatMap((one) =>
      isJson(one)
        ? [
          plain(one.local) +
          (one.address === undefined ? "" : ` peer ${plain(one.address)}`) +
          `/${plain(one.prefixlen)}` +
          (one.metric === undefined ? "" : ` metric ${plain(one.metric)}`),
        ]
        : []
    );
  return `${name} ${state} ${rest.map((word) => `${word} `).join("")}`;
}
