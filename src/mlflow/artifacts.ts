import { StemmaError } from "../lineage/errors.ts";
import { encodeArtifactPath } from "./artifact-path.ts";
import type { TakePiece } from "./exchange.ts";
import type { MlflowHttp } from "./http.ts";
import type { MultipartUploads } from "./multipart.ts";
import { listPages } from "./pages.ts";
import { sizeOf } from "./send-file.ts";
import type { Artifact, FileContent } from "./types.ts";

const PROXY = "/api/2.0/mlflow-artifacts";
const LIST = "/api/2.0/mlflow/artifacts/list";

/** What has a folder of files: a run or a logged model. */
export interface FileOwner {
  readonly id: string;
  readonly artifactUri: string;
}

/** The files of runs and models, behind the server's artifact proxy. */
export class Artifacts {
  readonly #http: MlflowHttp;
  readonly #multipart: MultipartUploads;
  readonly #timeoutMs: number;

  constructor(http: MlflowHttp, multipart: MultipartUploads, timeoutMs: number) {
    this.#http = http;
    this.#multipart = multipart;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a file: in parts where the server offers that, else in one piece. Half a file is never shown. */
  async put(owner: FileOwner, path: string, { file, onBytes }: FileContent): Promise<void> {
    const encoded = encodeArtifactPath(path);
    const folder = proxyFolder(owner);
    const body = { path: file, sizeBytes: await sizeOf(file), onBytes };
    if (await this.#multipart.send({ folder, path }, body)) return;
    await this.#http.text({
      method: "PUT",
      path: `${PROXY}/artifacts${folder}/${encoded}`,
      file: body,
      repeat: "always",
      timeoutMs: this.#timeoutMs,
    });
  }

  /** Hands out a file's bytes as they come. NOT_FOUND when it is not there. */
  async read(owner: FileOwner, path: string, take: TakePiece): Promise<void> {
    const file = `${PROXY}/artifacts${proxyFolder(owner)}/${encodeArtifactPath(path)}`;
    await this.#http.read({ path: file, timeoutMs: this.#timeoutMs }, take);
  }

  /** All files of a run, folders opened. */
  async *list(runId: string, folder?: string): AsyncIterable<Artifact> {
    const pages = listPages((token) =>
      this.#http.json({ method: "GET", path: LIST, query: { run_id: runId, path: folder, page_token: token }, repeat: "always" }),
    );
    for await (const page of pages) {
      for (const file of page.list("files")) {
        const path = file.text("path");
        if (file.isTrue("is_dir")) yield* this.list(runId, path);
        else yield { path, sizeBytes: file.number("file_size") ?? 0 };
      }
    }
  }
}

/** Where the proxy keeps the files. An experiment may have chosen a place of its own, also one without a proxy. */
function proxyFolder({ id, artifactUri }: FileOwner): string {
  const url = URL.parse(artifactUri);
  if (url === null || url.protocol !== "mlflow-artifacts:" || url.host !== "") {
    throw new StemmaError(
      "UNSUPPORTED",
      `${id} keeps its artifacts at "${artifactUri}", which the MLflow server does not serve.`,
      {
        hint: "Use an experiment whose artifact location begins with mlflow-artifacts:/",
      },
    );
  }
  return url.pathname.replace(/\/+$/, "");
}
