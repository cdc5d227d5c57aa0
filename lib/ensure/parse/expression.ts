// Expressions in texts of a configuration: $(name), $(2 * i + 1), $(i:02x).

/** An expression that cannot be evaluated. */
export class ExpressionError extends Error {
  /**
   * @param unknown The unknown variable, if that is the problem.
   * @param known The known ones.
   */
  constructor(
    message: string,
    readonly unknown?: string,
    readonly known?: readonly string[],
  ) {
    super(message);
  }
}

/** The variables of an expression. */
export interface Scope {
  /** The value of a variable. @throws {ExpressionError} If it is unknown. */
  get(name: string): unknown;
}

/** An expression of a text. */
interface Expression {
  /** A format: minimum width, with leading zeros, decimal or hexadecimal. */
  readonly format: string | undefined;
  evaluate(scope: Scope): unknown;
}

/** A name of a variable. */
export const NAME = /^[A-Za-z_]\w*$/;

/** Whether a text contains an expression, or an escaped one. */
export function hasExpression(text: string): boolean {
  return text.includes("$(");
}

/**
 * The value of a text: that of an expression if it is the only content,
 * otherwise text. `$$(` is the text `$(`.
 *
 * @throws {ExpressionError} With the reason.
 */
export function evaluateText(text: string, scope: Scope): unknown {
  if (!hasExpression(text)) return text;
  const parts = partsOf(text);
  const values = parts.map((part) =>
    typeof part === "string" ? part : formatted(part, scope)
  );
  if (values.length === 1) return values[0];
  return values.map((value) => {
    if (typeof value === "string" || typeof value === "number") return value;
    const what = Array.isArray(value)
      ? "a list"
      : typeof value === "object" && value !== null
      ? "a mapping"
      : `${value}`;
    throw new ExpressionError(`${what} cannot be part of a text`);
  }).join("");
}

function formatted({ format, evaluate }: Expression, scope: Scope): unknown {
  const value = evaluate(scope);
  if (format === undefined) return value;
  const [, zero, width, base] = /^(0?)(\d*)([dx])?$/.exec(format)!;
  const number = numberOf(value);
  const digits = Math.abs(number).toString(base === "x" ? 16 : 10);
  const padded = digits.padStart(Number(width), zero === "" ? " " : "0");
  return number < 0 ? `-${padded}` : padded;
}

const compiled = new Map<string, readonly (string | Expression)[]>();

/** The texts and expressions of a text. */
function partsOf(text: string): readonly (string | Expression)[] {
  let parts = compiled.get(text);
  if (parts === undefined) compiled.set(text, parts = split(text));
  return parts;
}

function split(text: string): (string | Expression)[] {
  const parts: (string | Expression)[] = [];
  let literal = "";
  let at = 0;
  for (;;) {
    const start = text.indexOf("$(", at);
    if (start < 0) break;
    if (text[start - 1] === "$" && start > at) {
      literal += `${text.slice(at, start - 1)}$(`;
      at = start + 2;
      continue;
    }
    literal += text.slice(at, start);
    if (literal !== "") parts.push(literal);
    literal = "";
    const parser = new Parser(text, start + 2);
    parts.push(parser.expression());
    at = parser.at;
  }
  literal += text.slice(at);
  if (literal !== "" || parts.length === 0) parts.push(literal);
  return parts;
}

function numberOf(value: unknown): number {
  const number = typeof value === "string" && /^-?\d+$/.test(value)
    ? Number(value)
    : value;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number;
  const shown = typeof value === "object" ? "a list or a mapping" : value;
  throw new ExpressionError(`${shown} is not a whole number`);
}

type Evaluate = Expression["evaluate"];

const OPERATIONS: Readonly<
  Record<string, (a: number, b: number) => number>
> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => Math.floor(a / b),
  "%": (a, b) => a - b * Math.floor(a / b),
};

/** Parses one expression; products before sums. */
class Parser {
  readonly #text: string;
  at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  /** Up to the closing parenthesis, with it. */
  expression(): Expression {
    const evaluate = this.#sum();
    const format = this.#take(/:0?\d*[dx]?(?=\))/y)?.slice(1);
    if (this.#take(/\)/y) === undefined) this.#fail();
    return { format, evaluate };
  }

  #sum(): Evaluate {
    return this.#operations(/[+-]/y, () => this.#product());
  }

  #product(): Evaluate {
    return this.#operations(/[*/%]/y, () => this.#value());
  }

  #operations(operators: RegExp, operand: () => Evaluate): Evaluate {
    let left = operand();
    for (;;) {
      const operator = this.#take(operators);
      if (operator === undefined) return left;
      const [a, b] = [left, operand()];
      left = (scope) => {
        const other = numberOf(b(scope));
        if (other === 0 && /[/%]/.test(operator)) {
          throw new ExpressionError("division by 0");
        }
        return numberOf(OPERATIONS[operator]!(numberOf(a(scope)), other));
      };
    }
  }

  #value(): Evaluate {
    if (this.#take(/-/y) !== undefined) {
      const value = this.#value();
      return (scope) => -numberOf(value(scope));
    }
    if (this.#take(/\(/y) !== undefined) {
      const value = this.#sum();
      if (this.#take(/\)/y) === undefined) this.#fail();
      return value;
    }
    const digits = this.#take(/\d+/y);
    if (digits !== undefined) return () => Number(digits);
    const names = this.#take(/[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/y)?.split(".");
    if (names === undefined) this.#fail();
    const [name, ...members] = names;
    return (scope) => members.reduce(memberOf, scope.get(name!));
  }

  #take(pattern: RegExp): string | undefined {
    while (this.#text[this.at] === " ") this.at++;
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  #fail(): never {
    const rest = this.#text.slice(this.at);
    const what = rest === ""
      ? "$( without its closing )"
      : `unexpected ${JSON.stringify(rest)} in an expression`;
    throw new ExpressionError(
      `${what}; $$( is the text $(`,
    );
  }
}

function memberOf(value: unknown, member: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ExpressionError(`.${member} of a value that is not a mapping`);
  }
  if (!Object.hasOwn(value, member)) {
    throw new ExpressionError(
      `unknown key ${member}`,
      member,
      Object.keys(value),
    );
  }
  return (value as Record<string, unknown>)[member];
}
