// The files of the page. They are imported as text, so that a compiled or
// published command has them.

import elkWorker from "elkjs/lib/elk-worker.min.js" with { type: "text" };
import details from "./page/details.js" with { type: "text" };
import dom from "./page/dom.js" with { type: "text" };
import ensure from "./page/ensure.js" with { type: "text" };
import events from "./page/events.js" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import index from "./page/index.html" with { type: "text" };
import layout from "./page/layout.js" with { type: "text" };
import links from "./page/links.js" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import state from "./page/state.js" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import topology from "./page/topology.js" with { type: "text" };

const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const SVG = "image/svg+xml";

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
}

/** The files by their path; there are no others. */
export const FILES: ReadonlyMap<string, PageFile> = new Map([
  ["/", { type: HTML, text: index }],
  ["/style.css", { type: CSS, text: style }],
  ["/icon.svg", { type: SVG, text: icon }],
  ["/main.js", { type: SCRIPT, text: main }],
  ["/state.js", { type: SCRIPT, text: state }],
  ["/dom.js", { type: SCRIPT, text: dom }],
  ["/format.js", { type: SCRIPT, text: format }],
  ["/layout.js", { type: SCRIPT, text: layout }],
  ["/topology.js", { type: SCRIPT, text: topology }],
  ["/links.js", { type: SCRIPT, text: links }],
  ["/ensure.js", { type: SCRIPT, text: ensure }],
  ["/events.js", { type: SCRIPT, text: events }],
  ["/details.js", { type: SCRIPT, text: details }],
  // The layout engine.
  ["/elk-worker.js", { type: SCRIPT, text: elkWorker }],
]);
