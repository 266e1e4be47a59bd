import { posix } from "node:path";
import { StemmaError } from "../lineage/errors.ts";
import type { Fields } from "./fields.ts";
import type { MlflowHttp } from "./http.ts";
import type { FileBody } from "./send-file.ts";

const SERVER_INFO = "/api/3.0/mlflow/server-info";
const UPLOADS = "/api/2.0/mlflow-artifacts/mpu";
const FEATURE = "uploads in parts";

/** For smaller files the three calls more are not worth it. */
export const SMALLEST_MULTIPART_BYTES = 100 * 1024 * 1024;
const SMALLEST_PART_BYTES = 8 * 1024 * 1024;
/** Buckets take ten thousand, and nobody needs as many. */
const MOST_PARTS = 1000;
const PARTS_AT_A_TIME = 4;

/** Where a file goes: the proxy's folder of its run or model, and its path in there. */
export interface Destination {
  readonly folder: string;
  readonly path: string;
}

interface Part extends Record<string, unknown> {
  readonly part_number: number;
  readonly etag: string;
  readonly url: string;
}

/** Large files go straight to the bucket behind the server, in parts, where the server offers that and the bucket can be reached. */
export class MultipartUploads {
  readonly #http: MlflowHttp;
  readonly #smallestBytes: number;
  #isOffered: Promise<boolean> | undefined;

  constructor(http: MlflowHttp, smallestBytes: number) {
    this.#http = http;
    this.#smallestBytes = smallestBytes;
  }

  /** Resolves to whether the file was sent. If not, nothing of it was kept, and it is to be sent in one piece. */
  async send({ folder, path }: Destination, file: FileBody): Promise<boolean> {
    if (file.sizeBytes < this.#smallestBytes) return false;
    this.#isOffered ??= this.#ask();
    if (!(await this.#isOffered)) return false;
    try {
      await this.#upload(new Upload(this.#http, folder, path), file);
      return true;
    } catch (error) {
      if (!(error instanceof StemmaError) || error.code !== "UNSUPPORTED") throw error;
      this.#isOffered = Promise.resolve(false);
      return false;
    }
  }

  async #ask(): Promise<boolean> {
    try {
      const info = await this.#http.json({ method: "GET", path: SERVER_INFO, repeat: "always", feature: FEATURE });
      return info.isTrue("multipart_uploads_enabled");
    } catch (error) {
      if (error instanceof StemmaError && error.code === "UNSUPPORTED") return false;
      this.#isOffered = undefined;
      throw error;
    }
  }

  async #upload(upload: Upload, file: FileBody): Promise<void> {
    const partBytes = Math.max(SMALLEST_PART_BYTES, Math.ceil(file.sizeBytes / MOST_PARTS));
    const { id, credentials } = await upload.create(Math.ceil(file.sizeBytes / partBytes));
    try {
      await upload.complete(id, await this.#sendParts(credentials, file, partBytes));
    } catch (error) {
      // The first error says what happened. An upload that cannot be ended is cleared away by the bucket's own rules.
      await Promise.allSettled([upload.abort(id)]);
      throw error;
    }
  }

  async #sendParts(credentials: readonly Fields[], file: FileBody, partBytes: number): Promise<Part[]> {
    const parts: Part[] = [];
    const left = credentials.values();
    const work = async (): Promise<void> => {
      for (const credential of left) {
        const number = credential.number("part_number") ?? Number.NaN;
        const offset = (number - 1) * partBytes;
        const piece = { ...file, offset, sizeBytes: Math.min(partBytes, file.sizeBytes - offset) };
        const url = credential.text("url");
        const elsewhere = { url, headers: credential.group("headers").allTexts() };
        const etag = await this.#http.putElsewhere({ elsewhere, file: piece, path: `part ${number} of ${file.path}` });
        parts.push({ part_number: number, etag, url });
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: PARTS_AT_A_TIME }, work));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    // The server may reach its bucket where we do not.
    if (failed !== undefined)
      throw new StemmaError("UNSUPPORTED", "the store behind MLflow takes no parts from here", { cause: failed.reason });
    return parts.sort((a, b) => a.part_number - b.part_number);
  }
}

/** The server's three calls around the parts. Their URL names the folder, and the body the file. */
class Upload {
  readonly #http: MlflowHttp;
  readonly #folder: string;
  readonly #name: string;

  constructor(http: MlflowHttp, folder: string, path: string) {
    this.#http = http;
    const inner = posix.dirname(path);
    this.#folder = inner === "." ? folder : `${folder}/${inner.split("/").map(encodeURIComponent).join("/")}`;
    this.#name = posix.basename(path);
  }

  async create(partCount: number): Promise<{ readonly id: string; readonly credentials: readonly Fields[] }> {
    const answer = await this.#post("create", { num_parts: partCount });
    const credentials = answer.list("credentials");
    if (credentials.length !== partCount)
      throw new StemmaError("FAILED", `MLflow was asked for ${partCount} parts and gave ${credentials.length}`);
    return { id: answer.text("upload_id"), credentials };
  }

  async complete(id: string, parts: readonly Part[]): Promise<void> {
    await this.#post("complete", { upload_id: id, parts });
  }

  async abort(id: string): Promise<void> {
    await this.#post("abort", { upload_id: id });
  }

  #post(step: string, body: object): Promise<Fields> {
    return this.#http.json({
      method: "POST",
      path: `${UPLOADS}/${step}${this.#folder}`,
      body: { path: this.#name, ...body },
      repeat: "if-unsent",
      feature: FEATURE,
    });
  }
}
