import * as z from "zod/mini";
import * as hub from "../../src/hub/fields.ts";
import { storedFile } from "../../src/hub/media/fields.ts";
import { flag, wholeNumber } from "../../src/lib/fields.ts";
import type { JsonSchema } from "../../src/platform/docs.ts";
import { sentFile } from "../../src/telegram/content/fields.ts";

/** The zod schemas of a module that get a name in the document. */
export interface NamedSchemas {
  /** The exports of schemas.ts files: functions that build a schema. */
  requests: Record<string, unknown>;
  /** The exports of responses.ts files. */
  responses: Record<string, unknown>;
}

type Direction = "input" | "output";

export const refTo = (name: string): string => `#/components/schemas/${name}`;

const isSchema = (value: unknown): value is z.ZodMiniType => value instanceof z.ZodMiniType;

const build = (value: unknown): unknown => (typeof value === "function" ? value() : value);

/** Converts zod schemas to JSON Schema. A named one becomes a component, and a reference wherever it is used. */
export class Converter {
  readonly #names: Record<Direction, Map<z.ZodMiniType, string>>;

  constructor({ requests, responses }: NamedSchemas) {
    this.#names = { input: namesOf(requests), output: namesOf(responses) };
  }

  /** The name of a request's schema. @throws Error if no schemas.ts exports it */
  nameOf(schema: z.ZodMiniType): string {
    const name = this.#names.input.get(schema);
    if (name === undefined) throw new Error("The schema of a request body must be exported by a schemas.ts");
    return name;
  }

  /** True for a request's schema with a field for a file. */
  hasFile(schema: z.ZodMiniType): boolean {
    return JSON.stringify(z.toJSONSchema(schema, OPTIONS)).includes(JSON.stringify(FILE));
  }

  /** All components, by name. @throws Error if a request and a response have the same name */
  components(): Record<string, JsonSchema> {
    const components: Record<string, JsonSchema> = {};
    for (const io of ["input", "output"] as const) {
      for (const [name, schema] of Object.entries(this.#convertNamed(io))) {
        if (components[name]) throw new Error(`A request and a response are both named ${name}`);
        components[name] = schema;
      }
    }
    return components;
  }

  #convertNamed(io: Direction): Record<string, JsonSchema> {
    const registry = z.registry<{ id: string }>();
    for (const [schema, id] of this.#names[io]) registry.add(schema, { id });
    const { schemas } = z.toJSONSchema(registry, { ...OPTIONS, io, uri: refTo });
    return Object.fromEntries(
      Object.entries(schemas).map(([name, { $schema, $id, ...schema }]) => [name, schema as JsonSchema]),
    );
  }
}

/** The schemas of a request's parameters by name, and whether each is required. */
export function parametersOf(
  schema: z.ZodMiniType,
): { name: string; required: boolean; schema: JsonSchema }[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { ...OPTIONS, io: "input" });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    required: required.includes(name),
    schema: property as JsonSchema,
  }));
}

function namesOf(exported: Record<string, unknown>): Map<z.ZodMiniType, string> {
  return new Map(
    Object.entries(exported).flatMap(([name, value]) => {
      // Others are parts of schemas.
      const schema = /^[A-Z]/.test(name) && build(value);
      return isSchema(schema) ? [[schema, name] as const] : [];
    }),
  );
}

interface Overridden {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: JsonSchema;
}

/** Parameters are numbers and booleans for the caller, though they travel as text. */
function override({ zodSchema, jsonSchema }: Overridden): void {
  if (is(zodSchema, wholeNumber())) replace(jsonSchema, { type: "integer", minimum: 0 });
  else if (is(zodSchema, flag())) replace(jsonSchema, { type: "boolean" });
  else if (zodSchema._zod.def.type === "pipe" && is(zodSchema._zod.def.in, wholeNumber())) {
    replace(jsonSchema, z.toJSONSchema(zodSchema._zod.def.out as z.ZodMiniType, OPTIONS));
  } else if (is(zodSchema, hub.id())) replace(jsonSchema, { type: "integer", minimum: 0 });
  else if (is(zodSchema, hub.flag())) replace(jsonSchema, { type: "boolean" });
  else {
    const checked = checkedBy(zodSchema);
    if (checked) replace(jsonSchema, z.toJSONSchema(checked, OPTIONS));
  }
  const { def } = zodSchema._zod;
  // Zod leaves out the default of a parameter that it converts.
  if (def.type === "default") jsonSchema.default = def.defaultValue;
  // A format says it in one word.
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** What checks a value that is converted first: it says more of the value than the input's schema does. */
function checkedBy({ _zod: { def } }: z.core.$ZodTypes): z.ZodMiniType | undefined {
  if (def.type !== "pipe" || def.out._zod.def.type === "transform") return undefined;
  const before = def.in._zod.def as z.core.$ZodPipeDef;
  const isConverted = before.type === "pipe" && before.out._zod.def.type === "transform";
  return isConverted ? (def.out as z.ZodMiniType) : undefined;
}

const is = (schema: object, other: object): boolean => schema === other;

function replace(schema: JsonSchema, { $schema, ...by }: JsonSchema): void {
  for (const name of Object.keys(schema)) delete schema[name];
  Object.assign(schema, by);
}

/** The content of a part of multipart/form-data. */
const FILE: JsonSchema = { type: "string", format: "binary" };

const OPTIONS = {
  target: "draft-2020-12",
  unrepresentable: ({ zodSchema }: { zodSchema: object }) =>
    is(zodSchema, storedFile()) || is(zodSchema, sentFile()) ? FILE : "throw",
  override,
  io: "input",
} as const;
