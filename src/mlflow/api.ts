import type { Fields } from "./fields.ts";
import type { Call, MlflowHttp } from "./http.ts";
import { listPages } from "./pages.ts";

const API = "/api/2.0/mlflow";

type Options = Partial<Pick<Call, "repeat" | "isDelicate" | "feature" | "method">>;

/** MLflow's REST methods by name. */
export class MlflowApi {
  readonly #http: MlflowHttp;
  /** How many things a list asks for at a time. */
  readonly pageSize: number;

  constructor(http: MlflowHttp, pageSize: number) {
    this.#http = http;
    this.pageSize = pageSize;
  }

  get(method: string, query: NonNullable<Call["query"]>): Promise<Fields> {
    return this.#http.json({ method: "GET", path: `${API}/${method}`, query, repeat: "always" });
  }

  /** Bodies begin with the ids: the server drops a field that it cannot read together with all that follow. */
  post(method: string, body: object, options: Options = {}): Promise<Fields> {
    return this.#http.json({ method: "POST", path: `${API}/${method}`, body, repeat: "always", ...options });
  }

  /** What is in `list`, page after page, of a method that takes its page token in the body. */
  async *search(method: string, list: string, body: object, options: Options = {}): AsyncIterable<Fields> {
    const pages = listPages((token) => this.post(method, { max_results: this.pageSize, ...body, page_token: token }, options));
    for await (const page of pages) yield* page.list(list);
  }
}
