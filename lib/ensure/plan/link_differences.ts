// In what a link differs from what it is to be, and what changes that.

import { kernelName, kindDifferences } from "../../rtnetlink/kinds/kind.ts";
import { kindNamed, portKind } from "../../rtnetlink/kinds/mod.ts";
import type { OptionValues } from "../../rtnetlink/spec/attribute.ts";
import {
  type OptionDifference,
  valueText,
} from "../../rtnetlink/spec/table.ts";
import { readSettings, SETTINGS_TABLE } from "../../rtnetlink/settings.ts";
import { AttributeLevel } from "../../rtnetlink/spec/level.ts";
import { kindLevel, type Link } from "../../rtnetlink/link/link.ts";
import type { DesiredLink } from "../parse/desired.ts";
import type { State } from "./state.ts";

/** The settings in which a link differs. */
export function settingDifferences(
  link: Link,
  settings: OptionValues,
  state: State,
): OptionDifference[] {
  const different: OptionDifference[] = [];
  const others: Record<string, unknown> = {};
  for (const [word, value] of Object.entries(settings)) {
    const { flags, change, values } = readSettings({ [word]: value });
    if (change === 0) Object.assign(others, values);
    else if ((link.flags & change) !== flags) {
      different.push(flagDifference(word, value));
    }
  }
  if (Object.keys(others).length === 0) return different;
  return [
    ...different,
    ...SETTINGS_TABLE.differences(
      new AttributeLevel(link.attributes()),
      others,
      others,
      state.numbers,
      (ifindex) => state.nameOf(ifindex),
    ),
  ];
}

function flagDifference(key: string, value: unknown): OptionDifference {
  const text = key === "up"
    ? (value: boolean) => value ? "up" : "down"
    : valueText;
  return {
    key,
    is: text(!value),
    wanted: text(Boolean(value)),
    change: "any time",
  };
}

/** What only a link made anew would have. */
export function reasonsToRemake(
  link: Link,
  desired: DesiredLink,
  home: State,
  from: State,
): string[] {
  const { kind } = desired;
  if (kind === undefined) return [];
  const data = link.data ?? {};
  const isTun = link.kind === "tun";
  if (
    link.kind !== kernelName(kindNamed(kind)) || (isTun && data.type !== kind)
  ) {
    const is = isTun ? String(data.type) : link.kind ?? "device";
    return [`is a ${is}, wanted a ${kind}`];
  }
  const reasons: string[] = [];
  if (desired.link !== undefined) {
    const lower = from.named(desired.link);
    if (lower === undefined || lower.ifindex !== link.link) {
      const is = home === from && link.link !== undefined &&
          link.linkNetnsid === undefined
        ? home.nameOf(link.link)
        : "another link";
      reasons.push(`stands on ${is}, wanted ${desired.link}`);
    }
  }
  const { settings, options } = desired;
  const different = [
    ...settingDifferences(link, settings, home),
    ...optionDifferences(link, kind, options, from),
  ];
  return [...reasons, ...different.filter(needsNewLink).map(reasonOf)];
}

/** The options of its kind in which a link differs. */
export function optionDifferences(
  link: Link,
  kind: string,
  options: OptionValues,
  from: State,
): OptionDifference[] {
  return kindDifferences(
    kindNamed(kind),
    kindLevel(link),
    options,
    from.numbers,
    (ifindex) => from.nameOf(ifindex),
  );
}

/** The settings of a port in which a link differs. */
export function portDifferences(
  link: Link,
  { port }: DesiredLink,
  state: State,
): OptionDifference[] {
  const kind = port && portKind(port.kind);
  if (kind === undefined || link.masterKind !== port!.kind) {
    return Object.entries(port?.options ?? {}).map(([key, value]) => ({
      key,
      is: "not set",
      wanted: valueText(value),
      change: "any time",
    }));
  }
  return kindDifferences(
    kind,
    state.portLevel(link),
    { ...port!.options },
    state.numbers,
    (ifindex) => state.nameOf(ifindex),
  );
}

/** Whether only a new link can have the wanted value. */
export function needsNewLink({ change }: OptionDifference): boolean {
  return change === "at creation";
}

/** "mtu is 1500, wanted 1400", "is down, wanted up". */
export function reasonOf({ key, is, wanted }: OptionDifference): string {
  return `${key === "up" ? "" : `${key} `}is ${is}, wanted ${wanted}`;
}
