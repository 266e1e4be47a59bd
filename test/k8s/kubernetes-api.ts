import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

type Json = Readonly<Record<string, unknown>>;

export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [name: string]: unknown;
}

/** One thing that a client may do, as a role names it. */
export interface Right {
  readonly verb: string;
  readonly resource: string;
}

interface Watcher {
  readonly resource: string;
  readonly send: (event: Json) => void;
}

const KINDS: Readonly<Record<string, string>> = {
  pods: "Pod",
  configmaps: "ConfigMap",
  services: "Service",
  persistentvolumeclaims: "PersistentVolumeClaim",
};

/**
 * So much of Kubernetes' API as Spark uses, over plain HTTP: it keeps what is made, refuses what the rights do not allow, and says
 * which of them were used. What becomes of a pod is for the caller, who hears of each.
 */
export class KubernetesApi {
  readonly used = new Set<string>();
  readonly refused: string[] = [];
  readonly objects = new Map<string, KubernetesObject>();
  readonly #allowed: ReadonlySet<string>;
  readonly #onPod: (pod: KubernetesObject) => void;
  readonly #onGone: (name: string) => void;
  readonly #watchers = new Set<Watcher>();
  readonly #server: Server;
  #version = 1;

  constructor(
    rights: readonly Right[],
    hooks: { readonly onPod: (pod: KubernetesObject) => void; readonly onGone: (name: string) => void },
  ) {
    this.#allowed = new Set(rights.map(formatRight));
    this.#onPod = hooks.onPod;
    this.#onGone = hooks.onGone;
    // Without a listener for upgrades, a WebSocket's request is answered as any other: clients then take a plain stream.
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Puts an object there, or changes it, and tells those who watch. */
  put(resource: string, object: KubernetesObject): KubernetesObject {
    const key = `${resource}/${object.metadata.name}`;
    const isNew = !this.objects.has(key);
    const metadata = { uid: crypto.randomUUID(), ...object.metadata, resourceVersion: String((this.#version += 1)) };
    const kept = { apiVersion: "v1", ...object, metadata };
    this.objects.set(key, kept);
    this.#tell(resource, { type: isNew ? "ADDED" : "MODIFIED", object: kept });
    return kept;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const [, resource = "", name] = /^\/api\/v1\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    const right = formatRight({ verb: verbOf(request.method ?? "GET", name, url.searchParams), resource });
    if (!this.#allowed.has(right)) {
      this.refused.push(`${right} ${url.pathname}`);
      reply(response, 403, {
        kind: "Status",
        apiVersion: "v1",
        status: "Failure",
        reason: "Forbidden",
        code: 403,
        message: right,
      });
      return;
    }
    this.used.add(right);
    const selector = parseSelector(url.searchParams.get("labelSelector") ?? "");
    if (url.searchParams.get("watch") === "true") this.#watch(resource, response);
    else if (request.method === "POST") this.#create(resource, JSON.parse(await text(request)) as KubernetesObject, response);
    else if (request.method === "DELETE") this.#remove(resource, name, selector, response);
    else this.#read(resource, name, selector, response);
  }

  #create(resource: string, object: KubernetesObject, response: ServerResponse): void {
    const kept = this.put(resource, resource === "pods" ? { ...object, status: { phase: "Pending" } } : object);
    reply(response, 201, kept);
    if (resource === "pods") this.#onPod(kept);
  }

  #read(resource: string, name: string | undefined, selector: Selector, response: ServerResponse): void {
    if (name === undefined) {
      const items = this.#select(resource, selector);
      reply(response, 200, {
        kind: `${KINDS[resource]}List`,
        apiVersion: "v1",
        metadata: { resourceVersion: String(this.#version) },
        items,
      });
      return;
    }
    const object = this.objects.get(`${resource}/${name}`);
    if (object === undefined)
      reply(response, 404, { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 });
    else reply(response, 200, object);
  }

  #remove(resource: string, name: string | undefined, selector: Selector, response: ServerResponse): void {
    for (const object of this.#select(resource, selector)) {
      if (name !== undefined && object.metadata.name !== name) continue;
      this.objects.delete(`${resource}/${object.metadata.name}`);
      this.#tell(resource, { type: "DELETED", object });
      if (resource === "pods") this.#onGone(object.metadata.name);
    }
    reply(response, 200, { kind: "Status", apiVersion: "v1", status: "Success" });
  }

  #watch(resource: string, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const watcher = { resource, send: (event: Json) => void response.write(`${JSON.stringify(event)}\n`) };
    this.#watchers.add(watcher);
    response.on("close", () => this.#watchers.delete(watcher));
  }

  #select(resource: string, selector: Selector): KubernetesObject[] {
    return Array.from(this.objects.entries())
      .filter(([key, { metadata }]) => key.startsWith(`${resource}/`) && selector.every((holds) => holds(metadata.labels ?? {})))
      .map(([, object]) => object);
  }

  #tell(resource: string, event: Json): void {
    for (const watcher of this.#watchers) if (watcher.resource === resource) watcher.send(event);
  }
}

/** `label=value` and `label!=value`, all of which must hold. */
type Selector = ReadonlyArray<(labels: Readonly<Record<string, string>>) => boolean>;

export function formatRight({ verb, resource }: Right): string {
  return `${verb} ${resource}`;
}

function parseSelector(text: string): Selector {
  return Array.from(text.matchAll(/([^,=!]+)(!?=)=?([^,]*)/g), ([, label = "", operator, value]) =>
    operator === "=" ? (labels) => labels[label] === value : (labels) => labels[label] !== value,
  );
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
  if (query.get("watch") === "true") return "watch";
  if (method === "GET") return name === undefined ? "list" : "get";
  if (method === "DELETE") return name === undefined ? "deletecollection" : "delete";
  return { POST: "create", PUT: "update", PATCH: "patch" }[method] ?? method;
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
