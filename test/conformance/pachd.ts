import { randomUUID } from "node:crypto";
import { Client, type ClientDuplexStream, Metadata, type ServiceError, credentials, status } from "@grpc/grpc-js";
import type { MethodDefinition } from "@grpc/proto-loader";
import { expect } from "vitest";
import type { Commit } from "../../src/pachyderm/generated/pfs_v2/Commit.ts";
import type { Project } from "../../src/pachyderm/generated/pfs_v2/Project.ts";
import { MAX_MESSAGE_BYTES, loadProtocol } from "../../src/pachyderm/protocol.ts";
import { startTestEngine } from "../helpers/engine.ts";

const protocol = loadProtocol();
export const pfs = protocol.pfs_v2.API.service;
export const pps = protocol.pps_v2.API.service;
export const metadata = protocol.metadata.API.service;
export const transactions = protocol.transaction_v2.API.service;
export const admin = protocol.admin_v2.API.service;
export const versions = protocol.versionpb_v2.API.service;
export const auth = protocol.auth_v2.API.service;

/** A repo as requests name it, whole. */
export interface RepoName {
  readonly name: string;
  readonly type: string;
  readonly project: Project & { readonly name: string };
}

export type Method<Request, Reply> = MethodDefinition<Request, object, object, Reply>;
type Headers = Readonly<Record<string, string>>;

/**
 * The server that a file of conformance cases talks to: $STEMMA_TEST_PACHD (host:port), any Pachyderm, or else an engine
 * of its own. Each file works in a project of its own, which is deleted at the end.
 */
export class Pachd {
  /** host:port */
  readonly address: string;
  readonly project: string;
  readonly #client: Client;
  readonly #isGiven = process.env["STEMMA_TEST_PACHD"] !== undefined;
  readonly #stop: () => Promise<void>;

  private constructor(address: string, project: string, stop: () => Promise<void>) {
    const limits = { "grpc.max_receive_message_length": MAX_MESSAGE_BYTES, "grpc.max_send_message_length": MAX_MESSAGE_BYTES };
    this.#client = new Client(address, credentials.createInsecure(), limits);
    this.address = address;
    this.project = project;
    this.#stop = stop;
  }

  static async connect(): Promise<Pachd> {
    const given = process.env["STEMMA_TEST_PACHD"];
    const engine = given === undefined ? await startTestEngine() : undefined;
    const pachd = new Pachd(given ?? engine?.engine.address ?? "", uniqueName("conf"), async () => engine?.close());
    await pachd.call(pfs.CreateProject, { project: { name: pachd.project } });
    return pachd;
  }

  async close(): Promise<void> {
    const projects = [{ name: this.project }];
    if (this.#isGiven) {
      await this.call(pps.DeletePipelines, { projects, force: true });
      await this.call(pfs.DeleteRepos, { projects, force: true });
      await this.call(pfs.DeleteProject, { project: { name: this.project }, force: true });
    } else {
      // Whatever the cases did, the engine must have kept its own rules.
      const broken = await this.collect(pfs.Fsck, { zombie_all: true });
      if (broken.length > 0) throw new Error(`the engine has broken its own rules: ${JSON.stringify(broken)}`);
    }
    this.#client.close();
    await this.#stop();
  }

  /** One message out, one back; the headers are for transactions and tokens. */
  call<Request, Reply>(method: Method<Request, Reply>, request: Request, headers: Headers = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        toMetadata(headers),
        settle(resolve, reject),
      );
    });
  }

  /** One message out, all that comes back; with `most`, at most so many, and then the call is cancelled. */
  async collect<Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    most = Number.POSITIVE_INFINITY,
  ): Promise<Reply[]> {
    const stream = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
    );
    const replies: Reply[] = [];
    for await (const reply of stream) {
      replies.push(reply as Reply);
      if (replies.length >= most) break;
    }
    return replies;
  }

  /** The first of the replies that is wanted; then the call is cancelled. */
  async first<Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    isWanted: (reply: Reply) => boolean,
  ): Promise<Reply> {
    const { path, requestSerialize, responseDeserialize } = method;
    const stream = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
    for await (const reply of stream) if (isWanted(reply as Reply)) return reply as Reply;
    return expect.fail("the stream has ended");
  }

  /** Many messages out, one back. */
  send<Request, Reply>(method: Method<Request, Reply>, requests: readonly Request[], headers: Headers = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = method;
      const stream = this.#client.makeClientStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        toMetadata(headers),
        settle(resolve, reject),
      );
      for (const request of requests) stream.write(request);
      stream.end();
    });
  }

  /** A conversation: messages out and back, in turns. */
  talk<Request, Reply>(method: Method<Request, Reply>): Talk<Request, Reply> {
    const { path, requestSerialize, responseDeserialize } = method;
    return new Talk(this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize));
  }

  /** Makes a repo with a new name. */
  async newRepo(prefix = "repo"): Promise<RepoName> {
    const repo = { name: uniqueName(prefix), type: "user", project: { name: this.project } };
    await this.call(pfs.CreateRepo, { repo });
    return repo;
  }

  /** Puts files (text by path) as one commit on a branch, waits until it is finished, and answers its id. */
  async put(repo: RepoName, files: Readonly<Record<string, string>>, branch = "master"): Promise<string> {
    const set_commit: Commit = { repo, branch: { repo, name: branch } };
    const edits = Object.entries(files).flatMap(([path, text]) => [
      { delete_file: { path } },
      { add_file: { path, raw: { value: Buffer.from(text) } } },
    ]);
    await this.send(pfs.ModifyFile, [{ set_commit }, ...edits]);
    const info = await this.call(pfs.InspectCommit, { commit: set_commit, wait: "FINISHED" });
    return info.commit?.id ?? "";
  }

  /** The text of a file in the head of a branch, or in another commit. */
  async read(repo: RepoName, path: string, at = "master"): Promise<string> {
    const pieces = await this.collect(pfs.GetFile, { file: { commit: commitOf(repo, at), path } });
    return Buffer.concat(pieces.map(({ value }) => value as Buffer)).toString("utf8");
  }
}

/** A call that is under way, in both directions. */
export class Talk<Request, Reply> implements Disposable {
  readonly #stream: ClientDuplexStream<Request, Reply>;
  readonly #replies: AsyncIterator<Reply>;

  constructor(stream: ClientDuplexStream<Request, Reply>) {
    this.#stream = stream;
    this.#replies = (stream as AsyncIterable<Reply>)[Symbol.asyncIterator]();
  }

  async say(request: Request): Promise<void> {
    await new Promise((resolve) => this.#stream.write(request, resolve));
  }

  /** So many replies, or fewer where the other side has ended. */
  async hear(number: number): Promise<Reply[]> {
    const replies: Reply[] = [];
    while (replies.length < number) {
      const { done, value } = await this.#replies.next();
      if (done === true) break;
      replies.push(value);
    }
    return replies;
  }

  /** All replies until the other side ends. */
  rest(): Promise<Reply[]> {
    return this.hear(Number.POSITIVE_INFINITY);
  }

  [Symbol.dispose](): void {
    this.#stream.cancel();
  }
}

/** A name that nothing else has. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${randomUUID().slice(0, 8)}`;
}

/** The head of a branch, or the commit with an id. */
export function commitOf(repo: RepoName, at = "master"): Commit {
  return /^[0-9a-f]{32}$/.test(at) ? { repo, id: at } : { repo, branch: { repo, name: at } };
}

/** Expects a refusal with this gRPC code, whose text holds each of the phrases. */
export async function expectFault(work: Promise<unknown>, code: keyof typeof status, ...phrases: string[]): Promise<void> {
  const error = (await work.then(
    () => expect.fail(`expected ${code}, but it was accepted`),
    (reason: unknown) => reason,
  )) as ServiceError;
  expect(`${status[error.code]} ${error.details}`).toMatch(new RegExp(`^${code} `));
  for (const phrase of phrases) expect(error.details).toContain(phrase);
}

function settle<Reply>(resolve: (reply: Reply) => void, reject: (error: Error) => void) {
  return (error: ServiceError | null, reply?: Reply): void => {
    if (error === null) resolve(reply as Reply);
    else reject(error);
  };
}

function toMetadata(headers: Headers): Metadata {
  const result = new Metadata();
  for (const [name, value] of Object.entries(headers)) result.set(name, value);
  return result;
}
