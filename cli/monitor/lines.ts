// Events as lines: sentences in a pipe, columns and colours on a terminal.

import type { MonitorEvent } from "../../lib/rtnetlink/monitor/event.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { timeOfDay } from "../output/time.ts";
import { EventTexts } from "./text.ts";
import type { Told } from "./told.ts";

/** As wide as the longest kind of object, and as a time with milliseconds. */
const OBJECT = "neighbour".length;
const TIME = "00:00:00.000".length;

const SIGNS: Readonly<Record<string, string>> = {
  new: "+",
  change: "~",
  delete: "-",
};

/** What is said of events on stdout, when it is read by a person. */
export class Lines {
  readonly #output: Output;
  readonly #namespaces: boolean;
  readonly #texts = new EventTexts();
  #width = 0;

  /** @param namespaces Whether to say which namespace each is of. */
  constructor(output: Output, namespaces: boolean) {
    this.#output = output;
    this.#namespaces = namespaces;
  }

  /** The line of an event. */
  line(told: Told): string {
    const { event, time } = told;
    const text = this.#texts.text(told);
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
