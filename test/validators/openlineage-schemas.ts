import { Ajv2020 } from "ajv/dist/2020.js";

const FORMATS = {
  uuid: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  uri: /^[a-z][a-z0-9+.-]*:[^\s"<>\\^`{|}]*$/i,
  "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
};

/** Says what OpenLineage's schemas find wrong with an event, and with each of its facets by the schema that it names itself. */
export function schemasOf(schemas: readonly { readonly $id: string }[]): (event: unknown) => readonly string[] {
  const ajv = new Ajv2020({ strict: false, formats: FORMATS });
  for (const schema of schemas) ajv.addSchema(schema);
  const errors = (schema: string, value: unknown): readonly string[] => {
    const check = ajv.getSchema(schema);
    if (check === undefined) return [`there is no ${schema}`];
    return check(value) === true ? [] : [ajv.errorsText(check.errors)];
  };
  const facets = (value: unknown): readonly string[] => {
    if (typeof value !== "object" || value === null) return [];
    const url = String(new Map(Object.entries(value)).get("_schemaURL") ?? "");
    return [...(url.startsWith("https:") ? errors(url, value) : []), ...Object.values(value).flatMap(facets)];
  };
  return (event) => [...errors("https://openlineage.io/spec/2-0-2/OpenLineage.json", event), ...facets(event)];
}

/** Checks the facets of ours in an event: which definition each names, and what is wrong with it. */
export function ownFacetsOf(schema: {
  readonly $id: string;
}): (value: unknown) => readonly { readonly definition: string; readonly wrong: string }[] {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(schema);
  const check = (value: unknown): ReturnType<ReturnType<typeof ownFacetsOf>> => {
    if (typeof value !== "object" || value === null) return [];
    const url = String(new Map(Object.entries(value)).get("_schemaURL") ?? "");
    const [, definition] = /#schemas\/openlineage-facets-1\.schema\.json\/\$defs\/(\w+)$/.exec(url) ?? [];
    const inner = Object.values(value).flatMap(check);
    if (definition === undefined) return inner;
    ajv.validate(`${schema.$id}#/$defs/${definition}`, value);
    return [{ definition, wrong: ajv.errors === null || ajv.errors === undefined ? "" : ajv.errorsText() }, ...inner];
  };
  return check;
}
