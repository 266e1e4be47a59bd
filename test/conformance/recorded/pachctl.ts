import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { type ServiceError, status } from "@grpc/grpc-js";
import type { Pachd } from "../pachd.ts";
import { UsageError } from "./pachctl-call.ts";
import { DATA_COMMANDS } from "./pachctl-data.ts";
import { PIPELINE_COMMANDS } from "./pachctl-pipelines.ts";

/** What the recorded command lines use of pachctl, each as the calls that it makes. */
const COMMANDS = new Map([...DATA_COMMANDS, ...PIPELINE_COMMANDS]);

/** Programs to put on PATH: `pachctl`, which makes the calls that the real one makes, and what else the recording depends on. */
export const PROGRAMS = fileURLToPath(new URL("bin/", import.meta.url));

/** Answers the `pachctl` of PROGRAMS, which finds it by `env`. */
export interface Pachctl {
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function servePachctl(pachd: Pachd): Promise<Pachctl> {
  const server = createServer((connection) => {
    void readRequest(connection)
      .then((request) => run(pachd, request))
      .then(({ code, out, err }) => connection.end(`${code} =${toBase64(out)} =${toBase64(err)}\n`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { env: { STEMMA_TEST_PACHCTL: String(port) }, close: async () => void server.close() };
}

function toBase64(text: string): string {
  return Buffer.from(text).toString("base64");
}

interface Request {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly input: string;
}

/** Its folder, its input in base64 and its arguments, each with a zero byte after it, and then a line's end. */
async function readRequest(connection: Socket): Promise<Request> {
  let text = "";
  for await (const piece of connection.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    text += piece;
    if (text.endsWith("\0\n")) break;
  }
  const [cwd = "", input = "", ...args] = text.slice(0, -2).split("\0");
  return { cwd, input: Buffer.from(input, "base64").toString("utf8"), args };
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(pachd: Pachd, { args, cwd, input }: Request): Promise<Ended> {
  const verb = COMMANDS.has(args.slice(0, 2).join(" ")) ? 2 : 1;
  const command = COMMANDS.get(args.slice(0, verb).join(" "));
  if (command === undefined) return { code: 1, out: "", err: `no such command: ${args.join(" ")}\n` };
  let [out, err] = ["", ""];
  try {
    const print = (text: string): void => void (out += text);
    const warn = (text: string): void => void (err += text);
    await command.run({ pachd, cwd, input, print, warn, ...command.parse(args.slice(verb)) });
    return { code: 0, out, err };
  } catch (error) {
    if (error instanceof UsageError) return { code: 1, out, err: `${error.message}\n` };
    const { code, details } = error as ServiceError;
    if (details === undefined) return { code: 1, out, err: `${(error as Error).message}\n` };
    const text = details.replace("Use GetFileTAR instead", "Try again with the -r flag");
    return { code: 1, out, err: `rpc error: code = ${status[code]} desc = ${text}\n` };
  }
}
