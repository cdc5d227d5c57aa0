// Monitor events as lines: plain in a pipe, columns and colours on a terminal.

import type { MonitorEvent } from "../../lib/rtnetlink/monitor/event.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { timeOfDay } from "../output/time.ts";
import { EventTexts } from "./text.ts";
import type { NamedEvent } from "./named_event.ts";

/** Column widths: the longest object type, a time with milliseconds. */
const OBJECT = "neighbour".length;
const TIME = "00:00:00.000".length;

const SIGNS: Readonly<Record<string, string>> = {
  new: "+",
  change: "~",
  delete: "-",
};

/** Formats events as text. */
export class Lines {
  readonly #output: Output;
  readonly #namespaces: boolean;
  readonly #texts = new EventTexts();
  #width = 0;

  /** @param namespaces Whether to print the namespace of each event. */
  constructor(output: Output, namespaces: boolean) {
    this.#output = output;
    this.#namespaces = namespaces;
  }

  /** The line of an event. */
  line(named: NamedEvent): string {
    const { event, time } = named;
    const text = this.#texts.text(named);
    const where = this.#namespaces && "namespace" in event
      ? printable(event.namespace ?? "here")
      : "";
    if (!this.#output.isTerminal) return where ? `${where}: ${text}` : text;
    this.#width = Math.max(this.#width, where.length);
    const { dim, cyan } = this.#output.style;
    const object = "object" in event ? event.object : "";
    return [
      dim(timeOfDay(time).slice(0, TIME)),
      ...(this.#namespaces ? [where.padEnd(this.#width)] : []),
      cyan(object.padEnd(OBJECT)),
      this.#paint(event)(`${SIGNS[event.event] ?? "!"} ${text}`),
    ].join("  ");
  }

  #paint(event: MonitorEvent): (text: string) => string {
    const { dim, green, yellow, red, bold } = this.#output.style;
    switch (event.event) {
      case "new":
        return event.origin === "snapshot" ? dim : green;
      case "change":
        return yellow;
      case "delete":
        return red;
      case "overrun":
        return (text) => bold(red(text));
      default:
        return bold;
    }
  }
}
