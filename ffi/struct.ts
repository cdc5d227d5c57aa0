// Describes C structs: offsets and size by the rules of the ABI, typed access
// through a DataView. Fields have their C names.

/** Both supported ABIs (x86_64, aarch64) are little-endian. */
const LITTLE = true;

/** The layout of a C type, and how its value is read and written. */
export interface FieldType<T> {
  readonly size: number;
  readonly align: number;
  get(view: DataView, at: number): T;
  set(view: DataView, at: number, value: T): void;
}

/** A field type with its offset in the struct. */
export interface Field<T> extends FieldType<T> {
  readonly offset: number;
}

/** A member of a union: a type that overlays the bytes at a fixed offset. */
export interface Placed<T> {
  readonly at: number;
  readonly type: FieldType<T>;
}

// deno-lint-ignore no-explicit-any -- a struct may hold any mix of types
export type Fields = Record<string, FieldType<any> | Placed<any>>;

type ValueOf<F> = F extends Placed<infer T> ? T
  : F extends FieldType<infer T> ? T
  : never;

/** The object that a struct is read into and written from. */
export type Values<F extends Fields> = {
  -readonly [K in keyof F]: ValueOf<F[K]>;
};

/** A C struct; also a field type, so that structs can be nested. */
export interface Layout<F extends Fields = Fields>
  extends FieldType<Values<F>> {
  /** The C name: "struct in_pktinfo", or the name of a typedef. */
  readonly name: string;
  readonly fields: { readonly [K in keyof F]: Field<ValueOf<F[K]>> };
  /** Writes the given fields and zeroes the others. */
  build(values: Partial<Values<F>>): Uint8Array<ArrayBuffer>;
  /** Writes the given fields and keeps the others. */
  assign(view: DataView, at: number, values: Partial<Values<F>>): void;
}

export const u8: FieldType<number> = {
  size: 1,
  align: 1,
  get: (view, at) => view.getUint8(at),
  set: (view, at, value) => view.setUint8(at, value),
};
export const u16: FieldType<number> = {
  size: 2,
  align: 2,
  get: (view, at) => view.getUint16(at, LITTLE),
  set: (view, at, value) => view.setUint16(at, value, LITTLE),
};
export const i16: FieldType<number> = {
  size: 2,
  align: 2,
  get: (view, at) => view.getInt16(at, LITTLE),
  set: (view, at, value) => view.setInt16(at, value, LITTLE),
};
export const u32: FieldType<number> = {
  size: 4,
  align: 4,
  get: (view, at) => view.getUint32(at, LITTLE),
  set: (view, at, value) => view.setUint32(at, value, LITTLE),
};
export const i32: FieldType<number> = {
  size: 4,
  align: 4,
  get: (view, at) => view.getInt32(at, LITTLE),
  set: (view, at, value) => view.setInt32(at, value, LITTLE),
};
export const u64: FieldType<bigint> = {
  size: 8,
  align: 8,
  get: (view, at) => view.getBigUint64(at, LITTLE),
  set: (view, at, value) => view.setBigUint64(at, value, LITTLE),
};
export const i64: FieldType<bigint> = {
  size: 8,
  align: 8,
  get: (view, at) => view.getBigInt64(at, LITTLE),
  set: (view, at, value) => view.setBigInt64(at, value, LITTLE),
};
/** `__be16`: network byte order on every machine. */
export const be16: FieldType<number> = {
  size: 2,
  align: 2,
  get: (view, at) => view.getUint16(at),
  set: (view, at, value) => view.setUint16(at, value),
};
/** `__be32`: network byte order on every machine. */
export const be32: FieldType<number> = {
  size: 4,
  align: 4,
  get: (view, at) => view.getUint32(at),
  set: (view, at, value) => view.setUint32(at, value),
};
/** `size_t`, as on every 64-bit ABI. */
export const size_t: FieldType<bigint> = u64;
/** A memory address; the caller has to keep the memory referenced. */
export const pointer: FieldType<bigint> = u64;

/** `unsigned char [length]`; returns a view of the bytes, not a copy. */
export function bytes(
  length: number,
  align = 1,
): FieldType<Uint8Array<ArrayBuffer>> {
  return {
    size: length,
    align,
    get: (view, at) =>
      new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + at, length),
    set: (view, at, value) => {
      if (value.length > length) {
        throw new RangeError(`${value.length} bytes do not fit in ${length}`);
      }
      const target = new Uint8Array(view.buffer, view.byteOffset + at, length);
      target.fill(0, value.length);
      target.set(value);
    },
  };
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** `char [length]` with a NUL-terminated string, such as an interface name. */
export function cstring(length: number): FieldType<string> {
  const raw = bytes(length);
  return {
    size: length,
    align: 1,
    get: (view, at) => {
      const all = raw.get(view, at);
      const end = all.indexOf(0);
      return decoder.decode(end < 0 ? all : all.subarray(0, end));
    },
    set: (view, at, value) => {
      const encoded = encoder.encode(value);
      if (encoded.length >= length) {
        throw new RangeError(`"${value}" is longer than ${length - 1} bytes`);
      }
      raw.set(view, at, encoded);
    },
  };
}

export function overlay<T>(at: number, type: FieldType<T>): Placed<T> {
  return { at, type };
}

function typeOf(field: Fields[string]): FieldType<unknown> {
  return "at" in field ? field.type : field;
}

/**
 * Computes the layout of a C compiler: each field at the next multiple of its
 * alignment, the total padded to the largest alignment. `size` is the size if
 * the fields do not reach it (a union with members that are not listed).
 */
export function struct<const F extends Fields>(
  name: string,
  declared: F,
  size = 0,
): Layout<F> {
  const fields: Record<string, Field<unknown>> = {};
  let end = 0;
  let align = 1;
  for (const [key, field] of Object.entries(declared)) {
    const type = typeOf(field);
    const offset = "at" in field
      ? field.at
      : Math.ceil(end / type.align) * type.align;
    fields[key] = {
      offset,
      size: type.size,
      align: type.align,
      get: (view, at) => type.get(view, at + offset),
      set: (view, at, value) => type.set(view, at + offset, value),
    };
    end = Math.max(end, offset + type.size);
    align = Math.max(align, type.align);
  }
  const total = Math.ceil(Math.max(end, size) / align) * align;

  const assign = (view: DataView, at: number, values: Partial<Values<F>>) => {
    // Not Object.entries(), which makes an array for each field.
    for (const key in values) {
      const value = values[key];
      if (value !== undefined) fields[key]!.set(view, at, value);
    }
  };
  return {
    name,
    size: total,
    align,
    fields: fields as Layout<F>["fields"],
    get(view, at) {
      const values: Record<string, unknown> = {};
      for (const key in fields) values[key] = fields[key]!.get(view, at);
      return values as Values<F>;
    },
    set: assign,
    assign,
    build(values) {
      const view = new DataView(new ArrayBuffer(total));
      assign(view, 0, values);
      return new Uint8Array(view.buffer);
    },
  };
}
