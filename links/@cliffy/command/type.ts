import type { Command } from "./command.ts";
import { invalidType } from "./errors.ts";
import type { ArgumentValue } from "./types.ts";

type Completions = Array<string | number | boolean>;

/** How the text of one argument or option value becomes a value. */
export abstract class Type<TValue> {
  abstract parse(type: ArgumentValue): TValue;
  // deno-lint-ignore no-explicit-any
  values?(cmd: Command<any>, parent?: Command<any>): Completions;
  complete?(
    // deno-lint-ignore no-explicit-any
    cmd: Command<any>,
    // deno-lint-ignore no-explicit-any
    parent?: Command<any>,
  ): Completions | Promise<Completions>;
}

export class StringType extends Type<string> {
  parse({ value }: ArgumentValue): string {
    return value;
  }
}

export class NumberType extends Type<number> {
  parse(type: ArgumentValue): number {
    const number = Number(type.value);
    if (type.value && Number.isFinite(number)) return number;
    throw invalidType(type);
  }
}

export class IntegerType extends Type<number> {
  parse(type: ArgumentValue): number {
    const number = Number(type.value);
    if (Number.isInteger(number)) return number;
    throw invalidType(type);
  }
}

export class BooleanType extends Type<boolean> {
  parse(type: ArgumentValue): boolean {
    if (["1", "true"].includes(type.value)) return true;
    if (["0", "false"].includes(type.value)) return false;
    throw invalidType(type, ["true", "false", "1", "0"]);
  }

  override complete(): string[] {
    return ["true", "false"];
  }
}

/** One of the given values and nothing else. */
export class EnumType<const TValue extends string | number | boolean>
  extends Type<TValue> {
  readonly #allowed: readonly TValue[];

  constructor(values: readonly TValue[] | Record<string, TValue>) {
    super();
    this.#allowed = Array.isArray(values) ? values : Object.values(values);
  }

  parse(type: ArgumentValue): TValue {
    const value = this.#allowed.find((value) => String(value) === type.value);
    if (value === undefined) throw invalidType(type, this.#allowed);
    return value;
  }

  override values(): TValue[] {
    return [...this.#allowed];
  }

  override complete(): TValue[] {
    return this.values();
  }
}
