import { type JsonObject, isObject } from "../../engine/pps/proto-json.ts";
import { StemmaError } from "../../lineage/errors.ts";
import { nearestName } from "../../lineage/nearest.ts";

/** What `--image NAME=IMAGE` asks for. */
interface ImageChange {
  readonly option: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Puts other images into specs. NAME is an image's name, or its name with a tag; an IMAGE without a tag keeps the one there is.
 * Throws USAGE for an option that no spec has an image for.
 */
export function changeImages(documents: readonly JsonObject[], options: readonly string[]): readonly JsonObject[] {
  const changes = options.map(parseImageChange);
  const used = documents.flatMap((document) => imageOf(document) ?? []);
  for (const { option, from } of changes) {
    if (used.some((image) => isMeant(image, from))) continue;
    const names = [...new Set(used.map((image) => splitImage(image).name))];
    const near = nearestName(from, names);
    const hint = near === undefined ? `There are: ${names.join(", ") || "none"}` : `Did you mean: ${near}`;
    throw new StemmaError("USAGE", `--image ${option}: no spec has an image "${from}".`, { hint });
  }
  return documents.map((document) => {
    const image = imageOf(document);
    const change = changes.findLast(({ from }) => image !== undefined && isMeant(image, from));
    if (image === undefined || change === undefined || !isObject(document["transform"])) return document;
    return { ...document, transform: { ...document["transform"], image: replace(image, change.to) } };
  });
}

function parseImageChange(option: string): ImageChange {
  const [, from = "", to = ""] = /^([^=\s]+)=([^=\s]+)$/.exec(option) ?? [];
  if (from !== "") return { option, from, to };
  throw new StemmaError("USAGE", `--image ${option}: it looks like NAME=IMAGE.`, {
    hint: "For example: --image stemma/spark=registry.example/spark:1.2",
  });
}

function imageOf({ transform }: JsonObject): string | undefined {
  const image = isObject(transform) ? transform["image"] : undefined;
  return typeof image === "string" ? image : undefined;
}

function isMeant(image: string, from: string): boolean {
  return image === from || splitImage(image).name === from;
}

function replace(image: string, to: string): string {
  return splitImage(to).version === "" ? `${to}${splitImage(image).version}` : to;
}

/** A registry's port is no tag: that comes after the last slash. */
function splitImage(image: string): { readonly name: string; readonly version: string } {
  const { name = image, version = "" } = /^(?<name>.*?)(?<version>(?::[^/:@]*)?(?:@[^/]*)?)$/.exec(image)?.groups ?? {};
  return { name, version };
}
