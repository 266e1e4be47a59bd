import type { ExportContext } from "../context.ts";
import { producer } from "../context.ts";

export type Facet = Readonly<Record<string, unknown>>;
export type Facets = Readonly<Record<string, Facet>>;

/** The facets of OpenLineage that we write, each with the version of its schema. */
const SCHEMAS = {
  parent: "1-2-0/ParentRunFacet",
  errorMessage: "1-0-1/ErrorMessageRunFacet",
  executionParameters: "1-0-0/ExecutionParametersRunFacet",
  jobType: "2-0-4/JobTypeJobFacet",
  sourceCodeLocation: "1-1-0/SourceCodeLocationJobFacet",
  subset: "1-0-0/BaseSubsetDatasetFacet",
  tags: "1-0-0/TagsDatasetFacet",
  runTags: "1-0-0/TagsRunFacet",
  version: "1-0-1/DatasetVersionDatasetFacet",
} as const;

/** A facet of OpenLineage's own. */
export function facet(context: ExportContext, name: keyof typeof SCHEMAS, fields: Facet): Facet {
  const [version = "", type = ""] = SCHEMAS[name].split("/");
  const definition = name === "subset" ? "InputSubsetInputDatasetFacet" : type;
  return {
    _producer: producer(context),
    _schemaURL: `https://openlineage.io/spec/facets/${version}/${type}.json#/$defs/${definition}`,
    ...fields,
  };
}

/** A facet of ours, described in schemas/openlineage-facets-1.schema.json. */
export function ownFacet(context: ExportContext, name: string, fields: Facet): Facet {
  return {
    _producer: producer(context),
    _schemaURL: `${producer(context)}#schemas/openlineage-facets-1.schema.json/$defs/${name}`,
    ...fields,
  };
}
