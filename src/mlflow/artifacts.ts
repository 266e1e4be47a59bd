import { stat } from "node:fs/promises";
import { StemmaError } from "../lineage/errors.ts";
import { encodeArtifactPath } from "./artifact-path.ts";
import type { MlflowHttp } from "./http.ts";
import { listPages } from "./pages.ts";
import type { Artifact, Run } from "./types.ts";

const PROXY = "/api/2.0/mlflow-artifacts/artifacts";
const LIST = "/api/2.0/mlflow/artifacts/list";

interface WireArtifacts {
  readonly files?: readonly { readonly path: string; readonly is_dir?: boolean; readonly file_size?: number | string }[];
  readonly next_page_token?: string;
}

/** Sends a file through the server's artifact proxy, which takes any size in one piece and never shows half a file. */
export async function putArtifact(http: MlflowHttp, run: Run, path: string, file: string, timeoutMs: number): Promise<void> {
  const encoded = encodeArtifactPath(path);
  const sizeBytes = await sizeOf(file);
  const url = `${PROXY}${proxyFolder(run)}/${encoded}`;
  await http.text({ method: "PUT", path: url, file: { path: file, sizeBytes }, repeat: "always", timeoutMs });
}

/** All files of a run, folders opened. */
export async function* listArtifacts(http: MlflowHttp, runId: string, folder?: string): AsyncIterable<Artifact> {
  const pages = listPages((token) =>
    http.json<WireArtifacts>({
      method: "GET",
      path: LIST,
      query: { run_id: runId, path: folder, page_token: token },
      repeat: "always",
    }),
  );
  for await (const { files = [] } of pages) {
    for (const file of files) {
      if (file.is_dir === true) yield* listArtifacts(http, runId, file.path);
      else yield { path: file.path, sizeBytes: Number(file.file_size ?? 0) };
    }
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    throw new StemmaError("FAILED", `cannot read ${file}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`, { cause });
  }
}

/** Where the proxy keeps a run's files. An experiment may have chosen a place of its own, also one without a proxy. */
function proxyFolder({ id, artifactUri }: Run): string {
  const url = URL.parse(artifactUri);
  if (url === null || url.protocol !== "mlflow-artifacts:" || url.host !== "") {
    throw new StemmaError(
      "UNSUPPORTED",
      `run ${id} keeps its artifacts at "${artifactUri}", which the MLflow server does not serve.`,
      {
        hint: "Use an experiment whose artifact location begins with mlflow-artifacts:/",
      },
    );
  }
  return url.pathname.replace(/\/+$/, "");
}
