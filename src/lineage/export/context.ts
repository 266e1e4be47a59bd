/** What a document says beside the graph. */
export interface ExportContext {
  /** stemma's own version. */
  readonly version: string;
  /** Where Pachyderm is: `pachyderm://host:port`. */
  readonly pachyderm: string;
  /** Where MLflow is: `mlflow://host:port`. */
  readonly mlflow: string;
  /** When the document is made: said only where a standard demands it, or where the graph knows no time. */
  readonly now: Date;
}

/** Who made the document, as a package URL. */
export function producer({ version }: ExportContext): string {
  return `pkg:npm/stemma@${encodeURIComponent(version)}`;
}
