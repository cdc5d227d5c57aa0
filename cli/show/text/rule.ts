// Routing policy rules as text.

import { dscpNumber } from "../../../lib/rtnetlink/rule.ts";
import { hex } from "../../../lib/rtnetlink/spec/json.ts";
import type { Json } from "../shown.ts";
import { formatKeys, type Keywords, pair, plain } from "./format.ts";

const RULE: Keywords = [
  ["iif", "iif"],
  ["oif", "oif"],
];

/** Of a flow label. */
const ALL_BITS = "0xfffff";

/** A rule as text. */
export function ruleText(json: Json): string {
  const network = (key: "src" | "dst") =>
    plain(json[key]) +
    (json[`${key}len`] === undefined ? "" : `/${json[`${key}len`]}`);
  const masked = (value: string, mask: Json[string] | undefined) =>
    mask === undefined ? value : `${value}/${plain(mask)}`;
  const port = (value: Json[string], mask: Json[string] | undefined) =>
    mask === undefined ? plain(value) : masked(hex(Number(value)), mask);
  const range = (word: string) =>
    json[word] !== undefined
      ? [word, port(json[word], json[`${word}_mask`])]
      : json[`${word}_start`] !== undefined
      ? [word, `${json[`${word}_start`]}-${json[`${word}_end`]}`]
      : [];
  const detached = (key: string) =>
    json[`${key}_detached`] === null ? ["[detached]"] : [];
  return `${json.priority}:\t` + [
    ...(json.not === null ? ["not"] : []),
    "from",
    network("src"),
    ...(json.dst === undefined ? [] : ["to", network("dst")]),
    ...pair("tos", json.tos),
    ...(json.fwmark === undefined ? [] : [
      "fwmark",
      plain(json.fwmark) +
      (json.fwmask === undefined ? "" : `/${plain(json.fwmask)}`),
    ]),
    ...RULE.flatMap(([key, word]) => [
      ...pair(word, json[key]),
      ...detached(key),
    ]),
    ...(json.l3mdev === null ? ["lookup", "[l3mdev-table]"] : []),
    ...(json.uid_start === undefined
      ? []
      : ["uidrange", `${json.uid_start}-${json.uid_end}`]),
    ...pair("ipproto", json.ipproto),
    ...range("sport"),
    ...range("dport"),
    ...formatKeys(json, [
      ["tun_id", "tun_id"],
      ["table", "lookup"],
      ["suppress_prefixlen", "suppress_prefixlength"],
      ["suppress_ifgroup", "suppress_ifgroup"],
    ]),
    ...(json.flow_to === undefined ? [] : [
      "realms",
      (json.flow_from === undefined ? "" : `${plain(json.flow_from)}/`) +
      plain(json.flow_to),
    ]),
    ...pair("goto", json.goto),
    ...(json.unresolved === null ? ["[unresolved]"] : []),
    ...(json.nop === null ? ["nop"] : []),
    ...pair("", json.action),
    ...pair("proto", json.protocol),
    ...(json.dscp_mask === undefined ? pair("dscp", json.dscp) : [
      "dscp",
      masked(hex(dscpNumber.read(json.dscp)!), json.dscp_mask),
    ]),
    ...(json.flowlabel === undefined ? [] : [
      "flowlabel",
      json.flowlabel_mask === ALL_BITS
        ? plain(json.flowlabel)
        : masked(plain(json.flowlabel), json.flowlabel_mask),
    ]),
  ].join(" ");
}
