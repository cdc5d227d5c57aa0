// What `ensure` wants, has corrected, and cannot apply.

import { html, replace } from "./dom.js";
import { count } from "./format.js";

/** Shows the state of `ensure`; nothing if it does not run in the server. */
export function showEnsure(root, ensure) {
  root.hidden = ensure === undefined;
  if (ensure === undefined) return;
  const { file, wants, problems, corrections } = ensure;
  const isOpen = root.querySelector("details")?.open;
  replace(
    root,
    html("h2", {}, "Ensure"),
    html(
      "p",
      { class: problems.length > 0 ? "is-bad" : "is-good", role: "status" },
      problems.length > 0
        ? `▲ ${count(problems.length, "problem")}`
        : "● The network is as configured",
      `, ${count(corrections, "correction")}`,
    ),
    problems.length > 0
      ? html("ul", {}, problems.map((text) => html("li", {}, text)))
      : undefined,
    html(
      "details",
      isOpen ? { open: true } : {},
      html("summary", {}, `Configuration ${file}`),
      wants.map(({ namespace, objects }) => [
        html("h3", {}, namespace ?? "this namespace"),
        html("ul", {}, objects.map((text) => html("li", {}, text))),
      ]),
    ),
  );
}
