import { formatName } from "../names.ts";
import { changeImages } from "./images.ts";
import { isFor, parseSetting, requirePipelines, withSetting } from "./settings.ts";
import { type SpecDocument, nameOf, parseFrom } from "./spec-document.ts";

/** What is to be another thing than in the files. */
export interface SpecChanges {
  /** Each as `NAME=IMAGE`. */
  readonly images: readonly string[];
  /** Each as `PIPELINE.FIELD=VALUE`, applied in this order. */
  readonly settings: readonly string[];
}

/** Images first, so that a setting of one has the last word. Throws USAGE for a change that fits no spec, or makes it none. */
export function changeSpecs(found: readonly SpecDocument[], { images, settings }: SpecChanges): readonly SpecDocument[] {
  const documents = changeImages(
    found.map(({ document }) => document),
    images,
  );
  const names = found.map(({ origin, document }) => formatName(nameOf(document, origin)));
  const parsed = settings.map(parseSetting);
  requirePipelines(parsed, names);
  return found.map(({ origin }, index) => {
    const ours = parsed.filter((setting) => isFor(setting, names[index] ?? ""));
    const document = ours.reduce((before, setting) => {
      const after = withSetting(before, setting);
      parseFrom(`--set ${setting.option}`, after);
      return after;
    }, documents[index] ?? {});
    return { origin, document };
  });
}
