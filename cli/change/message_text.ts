// A netlink message as text: its struct, attributes and bytes.

import type {
  AttributeDescription,
  MessageDescription,
} from "../../lib/netlink/describe.ts";
import { printable } from "../output/printable.ts";
import type { Style } from "../output/style.ts";

/** A message and its bytes. */
export interface Message extends MessageDescription {
  readonly what?: string;
  readonly hex: string;
}

/** Sixteen bytes on each line, in groups of four. */
function dump(hex: string): string[] {
  const lines = hex.match(/.{1,32}/g) ?? [];
  return lines.map((line) => `  ${line.match(/.{1,8}/g)!.join(" ")}`);
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields).map(([name, value]) => `${name} ${value}`)
    .join("  ");
}

function attributeLines(
  { name, value, fields, inside }: AttributeDescription,
  indent: string,
  style: Style,
): string[] {
  const own = fields === undefined ? [] : [fieldsText(fields)];
  const text = value === undefined || value === true
    ? []
    : [typeof value === "string" ? printable(value) : String(value)];
  return [
    [indent + style.cyan(name), ...text, ...own].join("  "),
    ...(inside ?? []).flatMap((one) =>
      attributeLines(one, `${indent}  `, style)
    ),
  ];
}

/** A message on several lines. */
export function messageText(message: Message, style: Style): string {
  const { what, type, flags, fields, attributes, hex } = message;
  return [
    `${style.bold(type)} ${flags.join(" ")}` +
    (what === undefined ? "" : `: ${printable(what)}`),
    `  ${fieldsText(fields)}`,
    ...attributes.flatMap((one) => attributeLines(one, "  ", style)),
    ...dump(hex),
  ].join("\n");
}
