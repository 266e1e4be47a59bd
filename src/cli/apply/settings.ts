import { type JsonObject, isObject } from "../../engine/pps/proto-json.ts";
import { StemmaError } from "../../lineage/errors.ts";
import { nearestName } from "../../lineage/nearest.ts";
import { type Place, fieldsOf, findField, itemPlace, lowerCamel, placeOf, specPlace } from "./spec-places.ts";

/** One `--set PIPELINE.PATH=VALUE`. */
export interface Setting {
  /** As it was given. */
  readonly option: string;
  /** A pipeline's name, or `*` for all. */
  readonly pipeline: string;
  /** Members by name, items by place. */
  readonly steps: readonly (string | number)[];
  readonly value: string;
}

const STEP = /\.([\w-]+)|\[(\d{1,6})\]|\[("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*")\]/guy;
const ALL = "*";

/** Reads `etl.resource_limits.memory=8Gi`, `*.autoscaling=true`, `etl.transform.cmd[3]=8`. Throws USAGE. */
export function parseSetting(option: string): Setting {
  const { pipeline = "", rest = "" } = /^(?<pipeline>\*|(?:[\w-]+\/)?[\w-]+)(?<rest>\..*)$/s.exec(option)?.groups ?? {};
  const { steps, end } = readSteps(rest);
  if (steps.length > 0 && rest[end] === "=") return { option, pipeline, steps, value: rest.slice(end + 1) };
  throw new StemmaError("USAGE", `--set ${option}: it looks like PIPELINE.FIELD=VALUE.`, {
    hint: "For example: --set etl.resource_limits.memory=8Gi, or --set '*.autoscaling=true' for all pipelines.",
  });
}

/** As many steps as the text begins with, and where they end. */
function readSteps(text: string): { readonly steps: readonly (string | number)[]; readonly end: number } {
  const found = [...text.matchAll(STEP)];
  const steps = found.map(
    ([, name, index, quoted]) => name ?? (quoted === undefined ? Number(index) : (JSON.parse(quoted) as string)),
  );
  return { steps, end: found.reduce((length, [step]) => length + step.length, 0) };
}

/** Whether it is for the pipeline of this name. */
export function isFor({ pipeline }: Setting, name: string): boolean {
  return pipeline === ALL || pipeline === name;
}

/** Throws USAGE for a setting of a pipeline that is not among these. */
export function requirePipelines(settings: readonly Setting[], names: readonly string[]): void {
  for (const setting of settings) {
    const { option, pipeline } = setting;
    if (names.some((name) => isFor(setting, name))) continue;
    const near = nearestName(pipeline, names);
    const hint = near === undefined ? `There are: ${names.join(", ")}` : `Did you mean: ${near}`;
    throw new StemmaError("USAGE", `--set ${option}: there is no pipeline "${pipeline}" in these files.`, { hint });
  }
}

/** The spec with the value in its place. Throws USAGE for a place that no spec has, or that this one lacks. */
export function withSetting(document: JsonObject, setting: Setting): JsonObject {
  return put(document, { place: specPlace(), path: "", steps: setting.steps, setting }) as JsonObject;
}

/** Where a walk along a setting's path has come to. */
interface Walk {
  readonly place: Place;
  /** As far as walked. */
  readonly path: string;
  /** Still to walk. */
  readonly steps: readonly (string | number)[];
  readonly setting: Setting;
}

function put(json: unknown, walk: Walk): unknown {
  const [step, ...steps] = walk.steps;
  if (step === undefined) return toValue(walk.setting.value, walk.place);
  const { place, path, setting } = walk;
  if (place.kind === "value") throw wrong(setting, `${path} is a single value.`);
  if (place.kind === "list") {
    const list: readonly unknown[] = Array.isArray(json) ? json : [];
    if (typeof step !== "number") throw wrong(setting, `${path} is a list.`, `Its first item is ${path}[0].`);
    if (step > list.length) throw wrong(setting, `${path} has ${list.length} items.`, `${path}[${list.length}] would add one.`);
    const next = put(list[step], { place: itemPlace(place.field), path: `${path}[${step}]`, steps, setting });
    return step === list.length ? [...list, next] : list.with(step, next);
  }
  const object = isObject(json) ? json : {};
  if (typeof step === "number") throw wrong(setting, `${path || "a spec"} is no list.`);
  const here = path === "" ? step : `${path}.${step}`;
  if (place.kind === "map")
    return { ...object, [step]: put(object[step], { place: itemPlace(place.field), path: here, steps, setting }) };
  const field = findField(place.type, step);
  if (field === undefined) throw unknownField(fieldsOf(place.type), step, walk);
  const name = [field.name, lowerCamel(field.name)].find((spelling) => spelling in object) ?? field.name;
  return { ...object, [name]: put(object[name], { place: placeOf(field), path: here, steps, setting }) };
}

/** JSON where it is JSON, else text. Where only text can stand, `8` is text too. */
function toValue(text: string, place: Place): unknown {
  const value = parseJson(text);
  const isText = place.kind === "value" && place.field.type === "string";
  return isText && typeof value !== "string" && value !== null ? text : value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function unknownField(fields: ReadonlyArray<{ readonly name: string }>, step: string, { path, setting }: Walk): StemmaError {
  const names = fields.map(({ name }) => name);
  const near = nearestName(step, names);
  const hint = near === undefined ? `There are: ${names.join(", ")}` : `Did you mean: ${near}`;
  return wrong(setting, `${path || "a spec"} has no field "${step}".`, hint);
}

function wrong({ option }: Setting, problem: string, hint?: string): StemmaError {
  return new StemmaError("USAGE", `--set ${option}: ${problem}`, { hint });
}
