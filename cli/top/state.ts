// Keys of `netplumb top`.

import { type Selection, SORT_KEYS, type SortKey } from "./view.ts";

/** The state of the view. */
export interface State extends Selection {
  /** Whether keys are the filter's text. */
  readonly typing: boolean;
  /** Links above the first shown one. */
  readonly offset: number;
}

/** The keys, as the help line shows them. */
export const HELP = [
  ...SORT_KEYS.map((key) => `${key[0]} ${key}`),
  "r reverse",
  "/ filter",
  "↑ ↓ scroll",
  "q quit",
].join("  ");

const SORTED_BY: Readonly<Record<string, SortKey>> = Object.fromEntries(
  SORT_KEYS.map((key) => [key[0], key]),
);

const SCROLLED: Readonly<Record<string, (page: number) => number>> = {
  "\x1b[A": () => -1,
  "\x1b[B": () => 1,
  "\x1b[5~": (page) => -page,
  "\x1b[6~": (page) => page,
  "\x1b[H": () => -Infinity,
  "\x1b[1~": () => -Infinity,
  "\x1b[F": () => Infinity,
  "\x1b[4~": () => Infinity,
};

/**
 * The state after a key; undefined to quit.
 *
 * @param key A character, or an escape sequence of xterm.
 * @param page Links on the screen.
 */
export function pressed(
  state: State,
  key: string,
  page: number,
): State | undefined {
  if (key === "\x03") return undefined;
  if (state.typing) return typed(state, key);
  if (key === "q") return undefined;
  if (key === "/") return { ...state, typing: true };
  if (key === "r") return { ...state, reversed: !state.reversed };
  if (key === "\x1b") return { ...state, filter: "", offset: 0 };
  const sort = SORTED_BY[key];
  if (sort !== undefined) return { ...state, sort, offset: 0 };
  // Terminals send ESC O in application mode.
  const scroll = SCROLLED[key.replace("\x1bO", "\x1b[")]?.(page) ?? 0;
  return { ...state, offset: Math.max(0, state.offset + scroll) };
}

/** Enter keeps the filter, Escape removes it. */
function typed(state: State, key: string): State {
  if (key === "\r" || key === "\n") return { ...state, typing: false };
  if (key === "\x1b") return { ...state, typing: false, filter: "", offset: 0 };
  const filter = key === "\x7f" || key === "\b"
    ? Array.from(state.filter).slice(0, -1).join("")
    : key < " "
    ? state.filter
    : state.filter + key;
  return { ...state, filter, offset: 0 };
}
