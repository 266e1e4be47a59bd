import { XMLBuilder, XMLParser } from "fast-xml-parser";
import { S3Error } from "./errors.ts";

type XmlValue = string | number | boolean | XmlContent | readonly (string | XmlContent)[];

/** The elements in an element, by name; a list stands for several of one name. */
export interface XmlContent {
  readonly [name: string]: XmlValue | undefined;
}

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: "@" });
const parser = new XMLParser({
  ignoreDeclaration: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  // Without it, references by number stay as they are: Go's encoder writes a quote as &#34;.
  htmlEntities: true,
});
const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
/** What XML 1.0 has no way to say, not even escaped. */
// oxlint-disable-next-line no-control-regex
const NOT_XML = /[\0-\x08\v\f\x0E-\x1F\uFFFE\uFFFF]/g;

/** A document of S3's namespace, or of none. */
export function toXml(root: string, content: XmlContent, namespace: "s3" | "none" = "s3"): string {
  const attributes = namespace === "s3" ? { "@xmlns": NAMESPACE } : {};
  const text = builder.build({ [root]: { ...attributes, ...content } });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${text.replaceAll(NOT_XML, "\uFFFD")}`;
}

/** An element of a document that was read. */
export class XmlNode {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  /** The elements of that name in this one. */
  all(name: string): XmlNode[] {
    const value = isObject(this.#value) ? this.#value[name] : undefined;
    if (value === undefined) return [];
    return (Array.isArray(value) ? value : [value]).map((one) => new XmlNode(one));
  }

  /** The text of the element of that name in this one; undefined where there is none. */
  text(name: string): string | undefined {
    const [first] = this.all(name);
    return first === undefined || typeof first.#value !== "string" ? undefined : first.#value;
  }
}

/** Reads a document whose root has that name, or throws MalformedXML. */
export function parseXml(text: string, root: string): XmlNode {
  const [node] = new XmlNode(parse(text)).all(root);
  if (node === undefined) throw new S3Error("MalformedXML", `the request's body is not a ${root} document`);
  return node;
}

function parse(text: string): unknown {
  try {
    return parser.parse(text, true);
  } catch (error) {
    throw new S3Error("MalformedXML", `the request's body is not XML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
