import { once } from "node:events";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** One call of a client, as it can be made again. */
interface RecordedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the server answers to a call, and with what. */
interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const agent = new Agent({ keepAlive: false });

/** The calls that `work` makes to an MLflow server when it is given this address instead. */
export async function recordCalls(server: string, work: (uri: string) => Promise<unknown>): Promise<readonly RecordedCall[]> {
  const calls: RecordedCall[] = [];
  const pass = async (incoming: IncomingMessage): Promise<Reply> => {
    const { method = "GET", url: path = "/", headers } = incoming;
    const call = { method, path, headers: { ...headers, host: new URL(server).host }, body: await buffer(incoming) };
    calls.push(call);
    return send(server, call);
  };
  const recorder = createServer((incoming, response) => {
    void pass(incoming).then(({ status, headers, body }) => response.writeHead(status, headers).end(body));
  }).listen(0, "127.0.0.1");
  await once(recorder, "listening");
  await work(`http://127.0.0.1:${(recorder.address() as AddressInfo).port}`);
  recorder.closeAllConnections();
  recorder.close();
  return calls;
}

/** How long the server takes for these calls, one after the other, each on a new connection, in milliseconds. */
export async function timeOfCalls(server: string, calls: readonly RecordedCall[]): Promise<number> {
  const startedAt = performance.now();
  for (const call of calls) await send(server, call);
  return performance.now() - startedAt;
}

async function send(server: string, { method, path, headers, body }: RecordedCall): Promise<Reply> {
  const outgoing = request(`${server}${path}`, { method, headers: { ...headers, connection: "close" }, agent });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) };
}
