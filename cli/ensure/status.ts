// The status of a running `ensure`, for --status and for systemd.

import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import { Exit } from "../failure.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { style } from "../output/style.ts";
import { request } from "./control.ts";
import type { RunRecord } from "./record.ts";
import type { Source } from "./source.ts";
import { reportObject, reportText } from "./text.ts";

const PLAIN = style(false);

/** The state of a run. */
export interface Status {
  readonly file: string;
  readonly pid: number;
  readonly started: Date;
  /** When the configuration was applied. */
  readonly loaded: Date;
  /** Whether the current file is not applied, because it is invalid or refused. */
  readonly isRejected: boolean;
  readonly record: RunRecord;
  readonly desired: DesiredNetwork;
}

/** A status as JSON, with the lines to print. */
export function statusObject(status: Status) {
  const { file, pid, started, loaded, isRejected, record, desired } = status;
  const problems = record.problems.map((one) => reportObject(one, desired));
  return {
    event: "status",
    file,
    pid,
    started: started.toISOString(),
    loaded: loaded.toISOString(),
    rejected: isRejected,
    ...record.totals,
    problems,
    lastCorrections: record.last.map(({ time, report }) => ({
      time: time.toISOString(),
      ...reportObject(report, desired) as object,
    })),
    text: [
      `${file}: ${statusLine(status)}; process ${pid}`,
      ...record.problems.map((one) => reportText(one, PLAIN)),
      ...record.last.map(({ time, report }) =>
        `${time.toISOString()} ${reportText(report, PLAIN)}`
      ),
    ],
  };
}

/** A status on one line. */
export function statusLine({ record, isRejected }: Status): string {
  const { totals: { corrections }, problems } = record;
  const plural = (count: number, what: string) =>
    `${count} ${what}${count === 1 ? "" : "s"}`;
  return [
    ...isRejected ? ["the current file is not applied"] : [],
    problems.length === 0 ? "no problems" : plural(problems.length, "problem"),
    plural(corrections, "correction"),
  ].join(", ");
}

/** @throws {Error} If another process reconciles the network with the file. */
export async function refuseRunning({ controlPath }: Source): Promise<void> {
  if (controlPath === undefined) return;
  if (await request(controlPath, "status") === undefined) return;
  throw new Error(
    "another ensure reconciles the network with this file. Stop it first",
  );
}

/** Prints the status of the run that reconciles a file. */
export async function showStatus(
  source: Source,
  output: Output,
): Promise<void> {
  const reply = source.controlPath === undefined
    ? undefined
    : await request(source.controlPath, "status");
  if (reply === undefined) {
    throw new Error(`no ensure is running with ${source.path}`);
  }
  const { text, ...status } = reply as ReturnType<typeof statusObject>;
  output.event(status, () => text.map(printable).join("\n"));
  if (status.problems.length > 0 || status.rejected) {
    Deno.exitCode = Exit.differs;
  }
}
